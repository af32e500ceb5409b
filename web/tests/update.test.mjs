// A newer page comes while a person is at the gate: nothing is interrupted, nothing is lost, and a person says when.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { Front } from "./front.mjs";
import { Gate } from "./gate.mjs";
import { Site } from "./site.mjs";

const OFFER = "A newer version of this page is ready";

describe("a newer page", () => {
  let site;
  let gate;
  let front;

  before(async () => {
    site = await Site.begin();
    await site.serve();
    front = await Front.begin(site.base);
    site.front = front.url;
    gate = await Gate.open(site);
    await gate.setUp();
    await gate.page.evaluate(() => navigator.serviceWorker.ready);
    // The first page of a browser has no service worker yet; the next one has.
    await gate.page.reload();
    await gate.unlock();
    await gate.kind("ready");
  });

  after(async () => {
    await gate?.end();
    await front?.end();
    await site?.end();
  });

  /** Looks for a newer page, as the page does every hour. Returns true if one waits afterwards. */
  const look = () =>
    gate.page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      await registration.update();
      const worker = registration.installing;
      if (worker) {
        await new Promise((go) => {
          const settled = () => (worker.state === "installing" ? undefined : go());
          worker.addEventListener("statechange", settled);
          settled();
        });
      }
      return registration.waiting !== null;
    });
  const build = () => gate.page.evaluate(() => document.querySelector("meta[name=build]")?.content);
  const offers = () => gate.page.getByText(OFFER).count();
  const mark = () => gate.page.evaluate(() => (window.isThisPage = true));
  const isMarked = () => gate.page.evaluate(() => window.isThisPage === true);

  it("is not taken if a file is not of its build", async () => {
    await front.renew("half", { isWhole: false });
    assert.equal(await look(), false);
    assert.equal(await offers(), 0);
    front.changed.clear();
    assert.equal(await look(), false);
  });

  it("waits while a question is open, and the person who answers it goes in", async () => {
    await mark();
    const { file } = await site.answer(await gate.question(), "open");
    await front.renew("newer");
    assert.equal(await look(), true);
    await gate.page.getByText(OFFER).waitFor();
    await gate.scan((await readFile(file, "utf8")).trim());
    const { level, text } = await gate.verdict();
    assert.equal(level, "green", text);
    assert.equal(await offers(), 0, "it is offered over a verdict");
    // It does not come by itself either.
    await gate.page.keyboard.press("Enter");
    await gate.kind("ready");
    await gate.page.waitForTimeout(2_000);
    assert.ok(await isMarked(), "the page was loaded again");
    await gate.page.getByText(OFFER).waitFor();
  });

  it("is not taken by a second tab under the gate that is open", async () => {
    const second = await gate.context.newPage();
    await second.goto(site.url);
    await second.getByRole("heading", { name: "The gate is open in another tab" }).waitFor();
    await second.getByRole("button", { name: "try again" }).click();
    await second.waitForTimeout(1_500);
    await second.getByRole("heading", { name: "The gate is open in another tab" }).waitFor();
    await second.close();
    assert.ok(await isMarked());
    assert.equal(await look(), true, "the newer page was taken");
    await gate.page.getByText(OFFER).waitFor();
  });

  it("comes when a person takes it, and everything is there", async () => {
    await gate.page.getByRole("button", { name: "take it now" }).click();
    await gate.kind("locked");
    await gate.page.waitForFunction(() => document.querySelector("meta[name=build]")?.content === "newer");
    assert.equal(await isMarked(), false);
    await gate.unlock();
    await gate.kind("ready");
    assert.equal(await gate.allowed(), 1);
    const { level, text } = await gate.handshake("newer");
    assert.equal(level, "green", text);
    await gate.page.keyboard.press("Enter");
    await site.kill();
    await gate.page.reload();
    await gate.kind("locked");
    assert.equal(await build(), "newer", "without a link too");
    assert.deepEqual(gate.faults, []);
  });
});
