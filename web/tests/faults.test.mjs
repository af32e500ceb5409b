// A program that stops in the middle, and a browser that is killed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stand } from "./gate.mjs";

describe("a gate with a fault", () => {
  let site;
  let gate;

  stand(async (...place) => {
    [site, gate] = place;
    await gate.setUp();
  });

  it("is grey when its program stops in the middle, and asks a new question by itself", async () => {
    await gate.trap();
    await gate.scan("https://example.org/");
    await gate.kind("trapped");
    assert.match(await gate.page.locator(".page").getAttribute("class"), /tone-grey/);
    await gate.page.getByText("The check stopped in the middle").waitFor();
    await gate.page.keyboard.press("Enter");
    await gate.kind("ready");
    const { level, text } = await gate.handshake("after-a-trap");
    assert.equal(level, "green", text);
    await gate.page.keyboard.press("Enter");
  });

  it("has what it wrote down when the browser was killed, and goes on", async () => {
    const { level } = await gate.handshake("before-the-kill");
    assert.equal(level, "green");
    await gate.killBrowser();
    await gate.kind("locked");
    await gate.unlock();
    await gate.kind("ready");
    assert.equal(await gate.allowed(), 2);
    const after = await gate.handshake("after-the-kill");
    assert.equal(after.level, "green", after.text);
  });
});
