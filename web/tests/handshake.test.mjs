// From a sealed package to the first admission, and through the camera in both directions.

import { execFileSync } from "node:child_process";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stand } from "./gate.mjs";

/** From the last frame to the verdict, in milliseconds. The film alone takes half a second for each code. */
const VERDICT_MS = 1_000;

describe("a gate in a browser", () => {
  let site;
  let gate;

  stand((...place) => {
    [site, gate] = place;
  });

  it("is set up, trusts the site and is enrolled", async () => {
    await gate.setUp();
    assert.match(gate.recovery, /^[0-9A-Z-]{20,}$/);
  });

  it("admits a person by the camera", async () => {
    const { pictures } = await site.answer(await gate.question(), "answer");
    await gate.show(pictures);
    const { level, text } = await gate.verdict();
    assert.equal(level, "green", text);
    assert.match(text, /ALLOW/);
    assert.match(text, /staff/);
    // A code that stays in view is shown once.
    await gate.page.keyboard.press("Enter");
    await gate.kind("ready");
    await gate.page.waitForTimeout(2_000);
    await gate.kind("ready");
    await gate.show([]);
  });

  it("shows a question that a reader of others reads", async () => {
    for (const picture of await gate.question("for-zbar")) {
      const text = execFileSync("zbarimg", ["--quiet", "--raw", picture], { encoding: "utf8" });
      assert.match(text, /^WP[12]:/);
    }
  });

  it("moves the focus to the verdict, and Enter is the next scan", async () => {
    const { level } = await gate.handshake("second");
    assert.equal(level, "green");
    assert.equal(await gate.page.evaluate(() => document.activeElement?.className), "verdict");
    await gate.page.keyboard.press("Enter");
    await gate.kind("ready");
  });

  it("shows a verdict soon after the last frame", async () => {
    const { pictures } = await site.answer(await gate.question(), "third");
    const started = performance.now();
    await gate.take(pictures);
    await gate.verdict();
    const took = performance.now() - started;
    console.log(`picture to verdict: ${Math.round(took)} ms`);
    assert.ok(took < VERDICT_MS * pictures.length + 700, `${took} ms`);
    await gate.page.keyboard.press("Enter");
  });

  it("counts the shift, and writes the log", async () => {
    await gate.page.getByText(/^3 allowed/).waitFor();
    await gate.go("Log");
    await gate.page.locator(".records > li").nth(2).waitFor();
    await gate.back();
  });

  it("does nothing that the content security policy refuses", () => {
    assert.deepEqual(gate.faults, []);
  });
});
