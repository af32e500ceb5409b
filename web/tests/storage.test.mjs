// A browser without room, and one that deletes the files of the gate. The person at the gate is never red for it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { stand } from "./gate.mjs";

describe("a gate without room", () => {
  let site;
  let gate;

  stand(async (...place) => {
    [site, gate] = place;
    await gate.setUp();
    await gate.page.evaluate(() => navigator.serviceWorker.ready);
  });

  it("goes on with its reserve when the browser gives no more room", async () => {
    assert.equal((await gate.handshake("before")).level, "green");
    await gate.page.keyboard.press("Enter");
    await gate.quota(await gate.used());
    await gate.page.reload();
    await gate.unlock();
    await gate.kind("ready");
    const { level, text } = await gate.handshake("reserve");
    assert.equal(level, "green", text);
    await gate.page.keyboard.press("Enter");
    await gate.kind("ready");
  });

  it("is grey and says what to do when nothing can be written, and goes on when there is room", async () => {
    const { file } = await site.answer(await gate.question("full"), "full");
    await gate.fill(true);
    await gate.scan((await readFile(file, "utf8")).trim());
    const { level, text } = await gate.verdict();
    assert.equal(level, "grey", text);
    assert.match(text, /Gate cannot record[\s\S]*Free space on the device/);
    await gate.fill(false);
    await gate.page.keyboard.press("Enter");
    await gate.kind("ready");
    const after = await gate.handshake("roomy");
    assert.equal(after.level, "green", after.text);
    await gate.page.keyboard.press("Enter");
  });

  it("names it when the page is opened without any room, and opens when there is some", async () => {
    await gate.quota(1);
    await gate.page.reload();
    await gate.kind("locked");
    await gate.unlock();
    await gate.page.locator(".refusal").waitFor();
    assert.match(await gate.page.locator(".refusal").innerText(), /It could not be written down[\s\S]*Free space on the device/);
    await gate.quota();
    await gate.unlock();
    await gate.kind("ready");
    assert.equal(await gate.allowed(), 3, "an admission that was acknowledged is lost");
    assert.deepEqual(gate.faults, []);
  });
});

describe("a gate whose files were deleted", () => {
  let site;
  let gate;

  stand(async (...place) => {
    [site, gate] = place;
    await gate.setUp();
    await gate.page.evaluate(() => navigator.serviceWorker.ready);
  });

  const gone = /The browser deleted the gate's data[\s\S]*Admit nobody here[\s\S]*call the supervisor/;

  it("shows no verdict that nobody finds again", async () => {
    const { file } = await site.answer(await gate.question("gone"), "gone");
    await gate.evict();
    await gate.scan((await readFile(file, "utf8")).trim());
    await gate.page.getByRole("heading", { name: "The browser deleted the gate's data" }).waitFor();
    assert.match(await gate.page.locator("main").innerText(), gone);
    assert.equal(await gate.page.locator(".verdict").count(), 0);
    assert.deepEqual(await gate.violations(), []);
  });

  it("says the same when the page is opened again, and no other tab is blamed", async () => {
    await gate.page.getByRole("button", { name: "try again" }).click();
    await gate.page.getByRole("heading", { name: "Opening the gate" }).waitFor();
    await gate.page.getByRole("heading", { name: "The browser deleted the gate's data" }).waitFor();
  });

  it("says at the next start of the browser that there was a gate, and is set up again", async () => {
    await gate.killBrowser();
    await gate.page.getByText("This browser deleted the data of the gate that was here.").waitFor();
    assert.deepEqual(await gate.violations(), []);
    await gate.setUp();
    const { level, text } = await gate.handshake("again");
    assert.equal(level, "green", text);
    await gate.page.keyboard.press("Enter");
    await gate.page.reload();
    await gate.kind("locked");
    await gate.unlock();
    await gate.kind("ready");
  });

  it("notices it by itself while nobody is there, though another tab makes new files", async () => {
    await gate.evict();
    await gate.page.evaluate(async () => (await navigator.storage.getDirectory()).getFileHandle("waypass-0", { create: true }));
    await gate.page.getByRole("heading", { name: "The browser deleted the gate's data" }).waitFor();
    assert.deepEqual(gate.faults, []);
  });
});
