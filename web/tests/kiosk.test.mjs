// The kiosk: the page over the native gate of this machine. It synchronizes by way of the kiosk.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { after, before, describe, it } from "node:test";
import { Gate } from "./gate.mjs";
import { PROGRAM, START_MS, Site } from "./site.mjs";

describe("a kiosk", () => {
  let site;
  let gate;
  let kiosk;

  before(async () => {
    site = await Site.begin();
    await site.run("door", "verifier", "init", "--name", "Door", "--site", "north", "--zone", "lab", "--recovery-file", "door.code");
    await site.run("door", "trust", "pin", "stick", "--digest", site.root);
    await site.run("door", "verifier", "enroll", "-o", "enrolment");
    await site.run("issuer", "issuer", "enroll", "enrolment", "--yes");
    await site.publish();
    await site.run("wallet", "wallet", "sync", "--from", "stick");
    await site.serve();
    const args = ["verifier", "kiosk", "--no-browser", "--jsonl", "--key-file", "door.key", "--server", site.base, ...site.pages];
    kiosk = spawn(PROGRAM, args, { cwd: site.folder, env: site.environment("door"), stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(createInterface({ input: kiosk.stdout }), "line", { signal: AbortSignal.timeout(START_MS) });
    gate = await Gate.open(site, { address: pathToFileURL(JSON.parse(line).page).href });
  });

  after(async () => {
    await gate?.end();
    if (kiosk?.kill("SIGTERM")) await once(kiosk, "exit", { signal: AbortSignal.timeout(START_MS) });
    await site?.end();
  });

  const synchronise = async () => {
    await gate.go("Synchronise");
    await gate.page.getByRole("button", { name: "synchronise now" }).click();
  };

  it("is not enrolled by what it was pinned with, and is after the page has synchronized", async () => {
    await gate.page.locator("main.checkpoint").waitFor();
    // The page synchronizes by itself at the start; what it brought is there as soon as the gate is ready.
    await gate.kind("ready");
    const { level, text } = await gate.handshake("first");
    assert.equal(level, "green", text);
    await gate.page.keyboard.press("Enter");
  });

  it("brings what was withdrawn, and sends the log", async () => {
    await site.revoke();
    await synchronise();
    await gate.page.locator(".done p").first().waitFor();
    await gate.back();
    const { level, text } = await gate.handshake("withdrawn");
    assert.equal(level, "red", text);
    assert.match(text, /revoked/);
    await gate.page.keyboard.press("Enter");
    const { records } = await site.run("issuer", "issuer", "log", "list");
    assert.ok(records.some(({ event }) => event === "decided"), "the office has no record of the gate");
  });

  it("says that the office cannot be reached, and works on", async () => {
    await site.kill();
    await synchronise();
    await gate.page.locator(".refusal").waitFor();
    assert.match(await gate.page.locator(".refusal").innerText(), /The office cannot be reached/);
    await gate.back();
    await gate.kind("ready");
    assert.deepEqual(gate.faults, []);
  });
});
