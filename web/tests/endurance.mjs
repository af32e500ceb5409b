// A gate that stands all day: many scans, one after the other, and nothing grows with them but the log.
//
// It takes too long for every change, so it is run by hand: `node --test endurance.mjs`. SCANS=1000 scans more often.

import { execFileSync } from "node:child_process";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { stand } from "./gate.mjs";

const SCANS = Number(process.env.SCANS ?? 100);
const MEASURED = [0.2, 0.6, 1].map((share) => Math.round(SCANS * share));
/** One person in so many has a wallet and answers the question; the others have a card. */
const WALLET = 20;
/** What 100 scans may add to the page's heap of JavaScript, in kB, after its garbage was collected: ten times what was measured. */
const HEAP_KB = 3_000;
/** The memory of a module grows in steps of the allocator, and never shrinks: the last measure may be so much more than the first, in kB. */
const WASM_KB = 512;

describe("a gate that stands all day", () => {
  let gate;
  let site;
  let cards;

  stand(
    async (...place) => {
      [site, gate] = place;
      await site.run("issuer", "issuer", "publish", "--admit-cards", "--yes", "-o", "stick");
      cards = [await card("Ada Byron", "card-0"), await card("Bo Lind", "card-1")];
      await gate.watchMemory();
      await gate.setUp();
    },
    { serviceWorkers: "block", flags: ["--js-flags=--expose-gc", "--enable-precise-memory-info"] },
  );

  /** Issues a card, and returns what a scanner reads on it. */
  async function card(name, file) {
    const about = ["--card", "--name", name, "--document", "C01X00T478", "--role", "staff", "--site", "north", "--zone", "lab", "--valid", "30d"];
    await site.run("issuer", "issuer", "issue", ...about, "-o", file);
    await site.run("issuer", "issuer", "card", file, "--png", `${file}.png`);
    return execFileSync("zbarimg", ["--quiet", "--raw", site.path(`${file}.png`)], { encoding: "utf8" }).trim();
  }

  async function scan(count) {
    const hasWallet = count % WALLET === 0;
    if (hasWallet) {
      const { file } = await site.answer(await gate.question("endured"), "endured");
      await gate.scan((await readFile(file, "utf8")).trim());
    } else {
      await gate.scan(cards[count % cards.length]);
    }
    const { level, text } = await gate.verdict();
    assert.equal(level, hasWallet ? "green" : "amber", `scan ${count}: ${text}`);
    await gate.page.keyboard.press("Enter");
    await gate.kind("ready");
  }

  it(`has scanned ${MEASURED.at(-1)} times without growth`, async () => {
    const measures = [];
    let started = performance.now();
    for (let count = 1; count <= MEASURED.at(-1); count += 1) {
      await scan(count);
      if (!MEASURED.includes(count)) continue;
      const between = count - (measures.at(-1)?.count ?? 0);
      measures.push({ count, "ms a scan": Math.round((performance.now() - started) / between), ...(await gate.memory()) });
      started = performance.now();
    }
    console.table(measures);
    const [first, last] = [measures[0], measures.at(-1)];
    const hundreds = Math.max(1, (last.count - first.count) / 100);
    const heap = last["page heap"] - first["page heap"];
    assert.ok(heap < HEAP_KB * hundreds, `the heap of the page grew by ${heap} kB`);
    for (const name of ["engine", "scan"]) {
      const grown = last[`${name} wasm`] - first[`${name} wasm`];
      assert.ok(grown <= WASM_KB, `the memory of ${name} grew by ${grown} kB`);
    }
    assert.deepEqual(gate.faults, []);
  });
});
