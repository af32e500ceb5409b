// Builds the page: node build.mjs --out DIR --glue DIR
//
// The glue folder holds what wasm-bindgen makes of the two wasm crates (target web): waypass_web_engine.js, waypass_web_engine_bg.wasm,
// waypass_web_scan.js, waypass_web_scan_bg.wasm. The same input gives the same bytes.

import { createHash } from "node:crypto";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const WORDS = join(HERE, "../../words/fluent");
const LANGUAGES = ["en", "fr", "de", "ar"];
const COPIED = ["manifest.webmanifest", "icon.svg", "icon-192.png"];
const GLUE = { engine: "waypass_web_engine", scan: "waypass_web_scan" };

const { values } = parseArgs({ options: { out: { type: "string" }, glue: { type: "string" } } });
if (!values.out || !values.glue) {
  console.error("usage: node build.mjs --out DIR --glue DIR");
  process.exit(2);
}
const out = resolve(values.out);
const glue = resolve(values.glue);

const SHARED = {
  absWorkingDir: HERE,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome120", "firefox120", "safari17"],
  charset: "utf8",
  legalComments: "none",
  sourcemap: false,
  logLevel: "warning",
};

/**
 * Makes the module `glue:NAME`. The output of wasm-bindgen has one instance for each loading of the module. Here each call of `fresh` runs
 * its code again, so that an instance that trapped is left behind whole.
 */
const freshGlue = {
  name: "glue",
  setup(plugin) {
    plugin.onResolve({ filter: /^glue:/ }, ({ path }) => ({ path: path.slice("glue:".length), namespace: "glue" }));
    plugin.onLoad({ filter: /.*/, namespace: "glue" }, async ({ path }) => {
      const { outputFiles } = await build({
        ...SHARED,
        entryPoints: [join(glue, `${GLUE[path]}.js`)],
        minify: false,
        format: "iife",
        globalName: "glue",
        define: { "import.meta.url": "undefined" },
        write: false,
      });
      return { contents: `export function fresh() {\n${outputFiles[0].text}\nreturn glue;\n}` };
    });
  },
};

/** Returns the texts that are said when there is no engine to ask: those with `page-boot-` of every language. */
async function bootWords() {
  const words = {};
  for (const tag of LANGUAGES) {
    const text = await readFile(join(WORDS, `${tag}.ftl`), "utf8");
    words[tag] = {};
    for (const [, id, said, next] of text.matchAll(/^(page-boot-[a-z-]+) = (.+)(?:\n {4}\.next = (.+))?$/gm)) {
      words[tag][id] = said;
      if (next) words[tag][`${id}.next`] = next;
    }
  }
  return words;
}

/** Puts the words for a browser without scripts into the page, each with its language and direction. */
function withWords(html, words) {
  const lines = LANGUAGES.map((tag) => `<p lang="${tag}" dir="${tag === "ar" ? "rtl" : "ltr"}">${words[tag]["page-boot-script"]}</p>`);
  return html.replace("<!-- page-boot-script -->", lines.join(""));
}

async function bundle(entry, name, define = {}) {
  await build({ ...SHARED, entryPoints: [join("src", entry)], outfile: join(out, name), plugins: [freshGlue], define });
}

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

await mkdir(out, { recursive: true });
const words = await bootWords();
await writeFile(join(out, "index.html"), withWords(await readFile(join(HERE, "index.html"), "utf8"), words));
for (const name of COPIED) await cp(join(HERE, name), join(out, name));
for (const [name, file] of Object.entries(GLUE)) await cp(join(glue, `${file}_bg.wasm`), join(out, `${name}.wasm`));
await bundle("main.tsx", "app.js", { BOOT_WORDS: JSON.stringify(words) });
await bundle("style.css", "style.css");
await bundle("engine-worker.ts", "engine.js");
await bundle("scan-worker.ts", "scan.js");

const names = ["index.html", "app.js", "style.css", "engine.js", "engine.wasm", "scan.js", "scan.wasm", ...COPIED].sort();
const files = {};
for (const name of names) files[name] = sha256(await readFile(join(out, name)));
await bundle("sw.ts", "sw.js", { FILES: JSON.stringify(files), BUILD: JSON.stringify(sha256(JSON.stringify(files))) });
