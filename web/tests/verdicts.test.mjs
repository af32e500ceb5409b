// Verdicts other than green: withdrawn, stale, tampered with, foreign.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { stand } from "./gate.mjs";

/** Lists of this age are too old for an allow, and not yet too old for a caution. */
const STALE_DAYS = 4;

describe("verdicts", () => {
  let site;
  let gate;

  stand(async (...place) => {
    [site, gate] = place;
    await gate.setUp();
  }, { serviceWorkers: "block" });

  it("are red for an answer that was changed, and the next one is green", async () => {
    const { file } = await site.answer(await gate.question("tampered"), "tampered");
    const answer = (await readFile(file, "utf8")).trim();
    // The last letter of the first signature.
    const end = answer.indexOf("~") - 2;
    const changed = answer.slice(0, end) + (answer[end] === "A" ? "B" : "A") + answer.slice(end + 1);
    await writeFile(site.path("changed"), changed);
    await gate.take(await site.draw("changed"));
    const { level, text } = await gate.verdict();
    assert.equal(level, "red", text);
    assert.match(text, /bad_signature/);
    await gate.page.keyboard.press("Enter");
    assert.equal((await gate.handshake("after")).level, "green");
    await gate.page.keyboard.press("Enter");
  });

  it("are never made of a foreign code, and it blocks nothing", async () => {
    await gate.scan("https://example.org/menu");
    await gate.page.getByText("That code is not ours").waitFor();
    await gate.kind("ready");
    assert.equal((await gate.handshake("honest")).level, "green");
    await gate.page.keyboard.press("Enter");
  });

  it("are not made of a picture without a code", async () => {
    await writeFile(site.path("noise.png"), Buffer.from("not a picture at all"));
    await gate.take([site.path("noise.png")]);
    await gate.page.getByText("No code was found in that picture").waitFor();
  });

  it("are amber when the list is old, and a person confirms with a name", async () => {
    await gate.cut();
    site.days = STALE_DAYS;
    await gate.later(STALE_DAYS);
    await gate.kind("locked");
    await gate.unlock();
    await gate.kind("ready");
    const { level, text } = await gate.handshake("stale");
    assert.equal(level, "amber", text);
    assert.match(text, /stale_revocations/);
    await gate.page.keyboard.press("c");
    await gate.kind("confirming");
    for (const text of ["Ines Weber", "Bo Lind", "The list comes tomorrow"]) {
      if (!(await gate.page.locator("main.kind-confirming").count())) break;
      const title = await gate.page.locator("h1").innerText();
      await gate.type(text);
      await gate.page.keyboard.press("Enter");
      await gate.page.waitForFunction((before) => document.querySelector("h1")?.innerText !== before, title);
    }
    await gate.page.getByText("Written down: the step was done.").waitFor();
  });

  it("are red once the gate knows that the credential was withdrawn", async () => {
    site.days = 0;
    await gate.mend();
    await site.revoke();
    await gate.page.reload();
    await gate.unlock();
    await gate.go("Synchronise");
    await gate.page.getByRole("button", { name: "synchronise now" }).click();
    await gate.page.locator(".done p").first().waitFor();
    await gate.back();
    const { level, text } = await gate.handshake("withdrawn");
    assert.equal(level, "red", text);
    assert.match(text, /Withdrawn/);
    assert.match(text, /revoked/);
    await gate.page.keyboard.press("Enter");
  });

  it("flag what was let in before, until a person signs", async () => {
    await gate.go("Admissions to look at");
    const flags = gate.page.locator(".records > li");
    await flags.first().waitFor();
    for (let left = await flags.count(); left > 0; left -= 1) {
      await flags.first().getByLabel("Your name").fill("Ines Weber");
      await flags.first().getByRole("button", { name: "I have looked at it" }).click();
      await gate.page.waitForFunction((before) => document.querySelectorAll(".records > li").length < before, left);
    }
    await gate.page.getByText("There is nothing to look at.").waitFor();
    await gate.back();
  });
});
