// Every state in every light: no violation of accessibility, and nothing wider than the screen.
//
// WAYPASS_PICTURES names a folder for pictures of each state.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Gate, PHRASE } from "./gate.mjs";
import { Site } from "./site.mjs";

const PICTURES = process.env.WAYPASS_PICTURES;
const LIGHTS = {
  day: { colorScheme: "light" },
  night: { colorScheme: "dark" },
  narrow: { viewport: { width: 320, height: 640 } },
  // 200 % zoom of a screen of 1280x800: half as many pixels of CSS, each twice as large.
  zoomed: { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
  forced: { forcedColors: "active" },
  still: { reducedMotion: "reduce" },
};
const PAGES = ["Readiness", "Log", "Admissions to look at", "Synchronise", "Question", "Set-up", "Language"];
/** An answer of the engine brings these to a page, which is looked at when they are there. */
const BROUGHT = { Readiness: ".facts dt", Log: ".records li", "Set-up": "svg path" };
const TAGS = { Français: "fr", Deutsch: "de", العربية: "ar" };

for (const [light, options] of Object.entries(LIGHTS)) {
  describe(`the page, ${light}`, () => {
    it("is whole in every state", async () => {
      const site = await Site.begin();
      await site.serve();
      const gate = await Gate.open(site, options);
      try {
        await walk(site, gate, light);
      } finally {
        await gate.end();
        await site.end();
      }
    });
  });
}

describe("the page, from right to left", () => {
  it("is whole in every state and every language", async () => {
    const site = await Site.begin();
    await site.serve();
    const gate = await Gate.open(site);
    try {
      await gate.setUp();
      for (const [name, tag] of Object.entries(TAGS)) {
        await gate.page.locator(".foot > button").click();
        await gate.page.locator("#menu button").nth(PAGES.length).click();
        await gate.page.getByRole("button", { name }).click();
        await gate.page.waitForFunction((expected) => document.documentElement.lang === expected, tag);
        assert.equal(await gate.page.evaluate(() => document.documentElement.dir), tag === "ar" ? "rtl" : "ltr");
        await check(gate, `language-${tag}`);
        await gate.back();
        await check(gate, `ready-${tag}`);
        const { pictures } = await site.answer(await gate.question(tag), `answer-${tag}`);
        await gate.page.locator("input[type=file]").setInputFiles(pictures[0]);
        for (const picture of pictures.slice(1)) await gate.page.locator("input[type=file]").setInputFiles(picture);
        assert.equal((await gate.verdict()).level, "green");
        await check(gate, `allow-${tag}`);
        await gate.page.keyboard.press("Enter");
        await gate.kind("ready");
        assert.doesNotMatch(await gate.page.locator("body").innerText(), /page-[a-z]/, "an id where a text belongs");
      }
    } finally {
      await gate.end();
      await site.end();
    }
  });
});

async function walk(site, gate, light) {
  await gate.page.getByLabel("Name of the gate").waitFor();
  await check(gate, `${light}-new`);
  await gate.setUp();
  await check(gate, `${light}-ready`);
  for (const page of PAGES) {
    await gate.go(page);
    if (BROUGHT[page]) await gate.page.locator(BROUGHT[page]).first().waitFor();
    await check(gate, `${light}-${page.toLowerCase().replaceAll(" ", "-")}`);
    await gate.back();
  }
  await gate.scan("https://example.org/");
  await gate.page.getByText("That code is not ours").waitFor();
  await check(gate, `${light}-foreign`);
  assert.equal((await gate.handshake(`allow-${light}`)).level, "green");
  await check(gate, `${light}-allow`);
  await gate.page.keyboard.press("Enter");
  await site.revoke();
  await gate.go("Synchronise");
  await gate.page.getByRole("button", { name: "synchronise now" }).click();
  await gate.page.locator(".done p").first().waitFor();
  await gate.back();
  assert.equal((await gate.handshake(`deny-${light}`)).level, "red");
  await check(gate, `${light}-deny`);
  await gate.page.keyboard.press("Enter");
  await gate.go("Lock the gate");
  await gate.kind("locked");
  await check(gate, `${light}-locked`);
  await gate.unlock("not it");
  await gate.page.locator(".refusal").waitFor();
  await check(gate, `${light}-refused`);
  await gate.unlock(PHRASE);
}

async function check(gate, name) {
  if (PICTURES) {
    await mkdir(PICTURES, { recursive: true });
    await gate.page.screenshot({ path: join(PICTURES, `${name}.png`) });
  }
  assert.deepEqual(await gate.violations(), [], name);
  assert.ok((await gate.overflow()) <= 0, `${name} is wider than its window`);
}
