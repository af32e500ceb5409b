// Compresses the built files of a folder: node compress.mjs DIR writes NAME.br (RFC 7932) for each large script, style and module.
//
// A server sends these to browsers that accept them. The same input gives the same bytes.

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

// In less, the headers of an answer weigh more than what is saved.
const LEAST = 1024;
const KINDS = /\.(wasm|js|css)$/;

const [dir] = process.argv.slice(2);
if (!dir) {
  console.error("usage: node compress.mjs DIR");
  process.exit(2);
}
for (const name of (await readdir(dir)).filter((name) => KINDS.test(name))) {
  const bytes = await readFile(join(dir, name));
  if (bytes.length <= LEAST) continue;
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  await writeFile(join(dir, `${name}.br`), brotliCompressSync(bytes, { params }));
}
