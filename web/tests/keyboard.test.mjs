// The keyboard: everything without a mouse, and a scanner that types whatever has the focus.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { PHRASE, stand } from "./gate.mjs";

const FOREIGN = "https://example.org/stc c";

describe("the keyboard", () => {
  let site;
  let gate;

  stand(async (...place) => {
    [site, gate] = place;
    await gate.setUp();
  });

  const isForeign = async () => {
    await gate.page.getByText("That code is not ours").waitFor();
    await gate.page.getByText("That code is not ours").waitFor({ state: "detached" });
  };

  it("is a scanner on the ready view", async () => {
    await gate.scan(FOREIGN);
    await isForeign();
  });

  it("is a scanner while a button has the focus, and presses nothing", async () => {
    await gate.page.getByRole("button", { name: "Menu", exact: true }).focus();
    await gate.scan(FOREIGN);
    await gate.page.getByText("That code is not ours").waitFor();
    assert.equal(await gate.page.getByRole("navigation").isVisible(), false);
  });

  it("is a scanner while a field has the focus, and leaves nothing in it", async () => {
    await gate.go("Question");
    const purpose = gate.page.getByLabel("Purpose");
    await purpose.fill("Entry");
    await purpose.focus();
    await gate.scan(FOREIGN);
    assert.equal(await purpose.inputValue(), "Entry");
    assert.ok(await gate.page.getByRole("heading", { name: "Question" }).isVisible());
  });

  it("is a person's in the same field", async () => {
    const purpose = gate.page.getByLabel("Purpose");
    await gate.type(" to the lab");
    assert.equal(await purpose.inputValue(), "Entry to the lab");
    await gate.page.keyboard.press("Backspace");
    assert.equal(await purpose.inputValue(), "Entry to the la");
    await gate.back();
  });

  it("brings a verdict from any page", async () => {
    const { file } = await site.answer(await gate.question(), "anywhere");
    await gate.go("Log");
    await gate.scan((await readFile(file, "utf8")).trim());
    assert.equal((await gate.verdict()).level, "green");
    await gate.page.keyboard.press("Enter");
    await gate.kind("ready");
  });

  it("is a scanner though a busy machine brings its keys late", async () => {
    const { file } = await site.answer(await gate.question(), "late");
    await gate.scan((await readFile(file, "utf8")).trim(), { late: 300 });
    const { level, text } = await gate.verdict();
    assert.equal(level, "green", text);
    await gate.page.keyboard.press("Enter");
    await gate.kind("ready");
  });

  it("reaches every control, and Esc leads back", async () => {
    const seen = new Set();
    for (let press = 0; press < 30; press += 1) {
      await gate.page.keyboard.press("Tab");
      seen.add(await gate.page.evaluate(() => document.activeElement?.textContent || document.activeElement?.id || ""));
    }
    const buttons = await gate.page.locator("button:visible").allTextContents();
    for (const button of buttons) assert.ok(seen.has(button), `${button} is out of reach`);
    await gate.go("Readiness");
    await gate.back();
  });

  it("locks and unlocks without a mouse", async () => {
    await gate.go("Lock the gate");
    await gate.kind("locked");
    await gate.type(PHRASE);
    await gate.page.keyboard.press("Enter");
    await gate.kind("ready");
  });
});
