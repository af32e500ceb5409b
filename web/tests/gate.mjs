// A gate in a browser: Chromium with a camera of its own, and the page as a guard uses it.

import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { chromium } from "playwright-core";
import { film } from "./film.mjs";
import { Site } from "./site.mjs";

export const PHRASE = "seven grey herons at noon";
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
/** Opening a vault takes about a second, more on a busy machine. */
const PATIENCE_MS = 30_000;

export class Gate {
  /**
   * Starts a browser and opens the page, at `address` if it is not the office's. `flags` are Chromium's, `options` those of a browser
   * context; `camera: false` denies the camera.
   */
  static async open(site, { camera = true, address, flags = [], ...options } = {}) {
    const gate = new Gate();
    gate.site = site;
    gate.address = address;
    gate.folder = await mkdtemp(join(tmpdir(), "waypass-gate-"));
    gate.tape = join(gate.folder, "camera.y4m");
    const launcher = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
    await film(await launcher.newPage(), gate.tape);
    await launcher.close();
    const devices = ["--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${gate.tape}`];
    gate.profile = join(gate.folder, "profile");
    gate.options = {
      executablePath: CHROMIUM,
      args: [...ARGUMENTS, ...flags, ...devices, ...(camera ? ["--use-fake-ui-for-media-stream"] : ["--deny-permission-prompts"])],
      viewport: { width: 1280, height: 800 },
      acceptDownloads: true,
      ...options,
    };
    await gate.start();
    return gate;
  }

  /** Starts the browser with the files that it keeps, and opens the page. */
  async start() {
    this.context = await chromium.launchPersistentContext(this.profile, this.options);
    this.context.setDefaultTimeout(PATIENCE_MS);
    this.page = this.context.pages()[0] ?? (await this.context.newPage());
    this.faults = [];
    this.devtools = undefined;
    this.watch(this.page);
    await this.page.goto(this.address ?? this.site.url);
  }

  /** Kills every process of the browser at once, as a power cut does, and starts it again. */
  async killBrowser() {
    const closed = new Promise((resolve) => this.context.once("close", resolve));
    execFileSync("pkill", ["-9", "-f", this.profile]);
    await closed;
    await rm(join(this.profile, "SingletonLock"), { force: true });
    await this.start();
  }

  /** Lets the program of the gate stop in the middle of the next thing that a scanner brings, as a trap does. */
  async trap() {
    await Promise.all(this.page.workers().map((worker) => worker.evaluate(stopOnce)));
  }

  /** Notes what the page does wrong: errors, and what the content security policy refused. */
  watch(page) {
    page.on("pageerror", (error) => this.faults.push(error.message));
    page.on("console", (message) => {
      const isLink = message.text().includes("net::ERR_") || message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !isLink) this.faults.push(message.text());
    });
  }

  async end() {
    await this.context.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Sets up the gate, pins the site and enrols, all in the page. Without a camera it is not ready afterwards. */
  async setUp(kind = "ready") {
    const { page, site } = this;
    for (const [label, text] of [
      [/^Name of the gate/, "Door"],
      [/^Site/, "north"],
      [/^Zone/, "lab"],
      [/^Pass phrase$/, PHRASE],
      [/^Pass phrase once more/, PHRASE],
    ]) {
      await page.getByLabel(label).fill(text);
    }
    await page.getByRole("button", { name: "set up" }).click();
    this.recovery = (await page.locator(".recovery").innerText()).trim();
    await page.getByRole("button", { name: "I have written it down" }).click();
    await page.getByLabel("choose a file").setInputFiles(site.path("stick"));
    await page.getByLabel("Number of the root").fill(site.root);
    await page.getByRole("button", { name: "compare and trust" }).click();
    await page.getByText("This gate trusts the site now").waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "save as a file" }).click()]);
    await download.saveAs(site.path("enrolment"));
    await site.enroll("enrolment");
    await this.go("Synchronise");
    await page.getByRole("button", { name: "synchronise now" }).click();
    await page.locator(".done p").first().waitFor();
    await this.back();
    await this.kind(kind);
  }

  async unlock(phrase = PHRASE) {
    await this.page.locator(".unlock input").fill(phrase);
    await this.page.getByRole("button", { name: "unlock" }).click();
  }

  async go(name) {
    await this.page.getByRole("button", { name: "Menu", exact: true }).click();
    await this.page.getByRole("navigation").getByRole("button", { name, exact: true }).click();
  }

  async back() {
    await this.page.keyboard.press("Escape");
    await this.page.locator("main.checkpoint").waitFor();
  }

  /** Waits until the checkpoint is in a state. */
  async kind(kind) {
    await this.page.locator(`main.checkpoint.kind-${kind}`).waitFor();
  }

  /** Returns pictures of the question's codes, as a phone would take them. */
  async question(name = "question") {
    const codes = this.page.locator(".question .codes > svg");
    await codes.waitFor();
    const count = Math.max(1, await this.page.locator(".question .turns span").count());
    const pictures = [];
    for (let shot = 0; shot < (count === 1 ? 1 : count * 3); shot += 1) {
      const path = this.site.path(`${name}-${shot}.png`);
      await codes.screenshot({ path });
      pictures.push(path);
      if (count > 1) await this.page.waitForTimeout(250);
    }
    return pictures;
  }

  /** Holds pictures in front of the camera. Chromium opens its film when the camera starts, so the camera is switched off and on. */
  async show(pictures) {
    await this.page.getByRole("button", { name: "camera off" }).click();
    await film(this.page, this.tape, pictures);
    await this.page.getByRole("button", { name: "camera on" }).click();
  }

  /** Takes pictures from files. */
  async take(pictures) {
    for (const picture of pictures) await this.page.getByLabel("read a picture").setInputFiles(picture);
  }

  /**
   * A scanner types a line: faster than a person, and ended by Enter. Each key has its own time, which a busy machine does not change. All keys
   * are on their way before the first is answered; with `late`, those after the third come so many milliseconds later.
   */
  async scan(line, { late = 0 } = {}) {
    const devtools = await this.session();
    const start = Date.now() / 1000;
    const strokes = [...line].map((letter) => [letter, letter]).concat([["Enter", "\r"]]);
    const send = ([key, text], place) => {
      const timestamp = start + place * 0.0005;
      const press = devtools.send("Input.dispatchKeyEvent", { type: "keyDown", key, text, timestamp });
      return [press, devtools.send("Input.dispatchKeyEvent", { type: "keyUp", key, timestamp: timestamp + 0.0002 })];
    };
    const first = late ? strokes.splice(0, 3) : [];
    await Promise.all(first.flatMap(send));
    if (late) await this.page.waitForTimeout(late);
    await Promise.all(strokes.flatMap((stroke, place) => send(stroke, first.length + place)));
  }

  /** A person types: slowly. */
  async type(text) {
    await this.page.keyboard.type(text, { delay: 90 });
  }

  /** Waits for the verdict. Returns its colour, and all its text. */
  async verdict() {
    const verdict = this.page.getByRole("alert").and(this.page.locator(".verdict"));
    await verdict.waitFor();
    const classes = await this.page.locator(".page").getAttribute("class");
    return { level: classes.match(/tone-(\w+)/)?.[1], text: await verdict.innerText() };
  }

  /** The whole handshake by pictures as files: ask, answer, verdict. */
  async handshake(name) {
    const { pictures } = await this.site.answer(await this.question(name), name);
    await this.take(pictures);
    return this.verdict();
  }

  /** Returns a session of the DevTools protocol with the page. */
  async session() {
    this.devtools ??= await this.context.newCDPSession(this.page);
    return this.devtools;
  }

  /** Gives the page so many bytes of storage, or as many as usual. */
  async quota(bytes) {
    const origin = new URL(this.site.url).origin;
    await (await this.session()).send("Storage.overrideQuotaForOrigin", { origin, ...(bytes !== undefined && { quotaSize: bytes }) });
  }

  /** Returns how many bytes the page uses. */
  used() {
    return this.page.evaluate(async () => (await navigator.storage.estimate()).usage);
  }

  /** Lets each write into a file fail as on a full disk, or lets it through again. */
  async fill(isFull) {
    await Promise.all(this.page.workers().map((worker) => worker.evaluate(refuseWrites, isFull)));
  }

  /** Returns how many people the log says were allowed. */
  async allowed() {
    await this.go("Log");
    const lines = this.page.locator(".records .line");
    await lines.first().waitFor();
    const count = (await lines.allInnerTexts()).filter((line) => line.includes("ALLOW")).length;
    await this.back();
    return count;
  }

  /** Deletes what the browser keeps for the page, as it does when space runs short. */
  async evict(types = "file_systems,indexeddb,cache_storage,service_workers") {
    await (await this.session()).send("Storage.clearDataForOrigin", { origin: new URL(this.site.url).origin, storageTypes: types });
  }

  /** Cuts the link to the office; the page itself can still be loaded. */
  async cut() {
    await this.context.route((url) => !url.href.startsWith(this.site.url), (route) => route.abort());
  }

  /** Takes back `cut` and `later`. */
  async mend() {
    await this.context.unrouteAll();
  }

  /** Lets the engine believe that it is so many days later, and opens the page again. The browser must run no service worker. */
  async later(days) {
    await this.before("engine.js", `(${shiftClock})(${days * 86_400_000});`);
    await this.page.reload();
  }

  /** Lets the Workers keep the memories of their modules in sight, and opens the page again. The browser must run no service worker. */
  async watchMemory() {
    for (const script of ["engine.js", "scan.js"]) await this.before(script, `(${keepMemories})();`);
    await this.page.reload();
  }

  /** Returns in kB the heap of the page after its garbage was collected, for which Chromium needs flags, and the memories of the Workers' modules. */
  async memory() {
    const held = { "page heap": kilobytes(await this.page.evaluate(heap)) };
    for (const worker of this.page.workers()) {
      const [, name] = /(\w+)\.js/.exec(worker.url());
      held[`${name} wasm`] = kilobytes(await worker.evaluate(memories));
    }
    return held;
  }

  /** Runs code in a script of the page before its own. */
  async before(script, code) {
    await this.context.route(`**/${script}`, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: code + (await response.text()) });
    });
  }

  /** Returns what axe finds, one line for each violation. */
  async violations() {
    await this.page.evaluate(() => document.fonts.ready);
    if (!(await this.page.evaluate(() => "axe" in window))) await this.page.evaluate(await readFile(AXE, "utf8"));
    return this.page.evaluate(async () => {
      const { violations } = await window.axe.run();
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(", ")}`);
    });
  }

  /** Returns how many pixels the page is wider than its window. */
  overflow() {
    return this.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  }
}

/** Lets a gate and its office stand for the tests of one suite. `begin` gets both, with the page open; `options` are those of the gate. */
export function stand(begin, options) {
  let site;
  let gate;

  before(async () => {
    site = await Site.begin();
    await site.serve();
    gate = await Gate.open(site, options);
    await begin(site, gate);
  });

  after(async () => {
    await gate?.end();
    await site?.end();
  });
}

/** Runs in the Worker: the engine's next call for a line ends like one that reached `unreachable`. */
function stopOnce() {
  const real = JSON.stringify;
  JSON.stringify = (value, ...rest) => {
    if (value?.do !== "line") return real(value, ...rest);
    JSON.stringify = real;
    throw new WebAssembly.RuntimeError("unreachable");
  };
}

function refuseWrites(isFull) {
  const handle = FileSystemSyncAccessHandle.prototype;
  globalThis.realWrite ??= handle.write;
  handle.write = isFull
    ? () => {
        throw new DOMException("no room", "QuotaExceededError");
      }
    : globalThis.realWrite;
}

function keepMemories() {
  globalThis.memories = [];
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const real = WebAssembly[name];
    WebAssembly[name] = async (...given) => {
      const made = await real.apply(WebAssembly, given);
      globalThis.memories.push((made.instance ?? made).exports.memory);
      return made;
    };
  }
}

function heap() {
  globalThis.gc();
  return performance.memory.usedJSHeapSize;
}

function memories() {
  return globalThis.memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
}

function kilobytes(bytes) {
  return Math.round(bytes / 1000);
}

function shiftClock(ms) {
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...parts) {
      if (parts.length === 0) super(Real.now() + ms);
      else super(...parts);
    }
    static now() {
      return Real.now() + ms;
    }
  };
}
