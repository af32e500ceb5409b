// Without a link, after a reload, in a second tab, and without a camera.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { Gate, stand } from "./gate.mjs";
import { Site } from "./site.mjs";

/** The time from a reload with the server dead to a page that can be used, in milliseconds: ten times what was measured. */
const MOST_MS = 3_000;

describe("a gate without a link", () => {
  let site;
  let gate;

  stand(async (...place) => {
    [site, gate] = place;
    await gate.setUp();
    await gate.page.evaluate(() => navigator.serviceWorker.ready);
  });

  it("opens again with the server killed, and is locked", async () => {
    await site.kill();
    const started = performance.now();
    await gate.page.reload();
    await gate.page.locator("main").waitFor();
    const took = performance.now() - started;
    console.log(`reload with the server dead: ${Math.round(took)} ms`);
    assert.ok(took < MOST_MS, `${took} ms`);
    await gate.kind("locked");
  });

  it("says how many tries are left", async () => {
    await gate.unlock("not the pass phrase");
    await gate.page.locator(".refusal").waitFor();
    assert.match(await gate.page.locator(".refusal").innerText(), /\d/);
  });

  it("opens with the pass phrase, and decides", async () => {
    await gate.unlock();
    await gate.kind("ready");
    const { level, text } = await gate.handshake("offline");
    assert.equal(level, "green", text);
    await gate.page.keyboard.press("Enter");
  });

  it("says that it could not synchronise, and knows what it knew", async () => {
    await gate.go("Synchronise");
    await gate.page.getByRole("button", { name: "synchronise now" }).click();
    await gate.page.locator(".refusal").waitFor();
    await gate.back();
    await gate.kind("ready");
  });

  it("opens in one tab only, and says so in the other", async () => {
    const second = await gate.context.newPage();
    await second.goto(site.url);
    await second.getByRole("heading", { name: "The gate is open in another tab" }).waitFor();
    await second.close();
    await gate.kind("ready");
  });

  it("offers no newer page where there is none", async () => {
    await gate.page.waitForTimeout(500);
    await gate.kind("ready");
    assert.equal(await gate.page.getByText("A newer version of this page is ready").count(), 0);
  });
});

describe("a gate without a camera", () => {
  it("names it, and still takes what a scanner types", async () => {
    const site = await Site.begin();
    await site.serve();
    const gate = await Gate.open(site, { camera: false });
    try {
      await gate.setUp("not_ready");
      await gate.page.getByText("The camera may not be used").waitFor();
      const { file } = await site.answer(await gate.question(), "typed");
      await gate.scan((await readFile(file, "utf8")).trim());
      assert.equal((await gate.verdict()).level, "green");
      await gate.page.keyboard.press("Enter");
      await gate.kind("ready");
    } finally {
      await gate.end();
      await site.end();
    }
  });
});
