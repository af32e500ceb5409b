/**
 * The Worker that reads codes in pictures, with an instance of its own: a picture that makes the reader trap costs that picture and no more.
 */

import { type Scan, fresh } from "glue:scan";
import type { FromScan, ToScan } from "./scanner.ts";

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;
let module: WebAssembly.Module | undefined;
let reader: Promise<Scan> | undefined;

scope.onmessage = async (event: MessageEvent<ToScan>) => {
  const answer = await read(event.data);
  scope.postMessage(answer satisfies FromScan);
};

async function read(picture: ToScan): Promise<FromScan> {
  try {
    reader ??= instance();
    const scan = await reader;
    const lines = "rgba" in picture ? scan.read_frame(picture.width, picture.height, picture.rgba) : scan.read_picture(picture.bytes);
    return { lines };
  } catch (why) {
    const isTrap = why instanceof WebAssembly.RuntimeError || why instanceof RangeError;
    if (isTrap || !module) reader = undefined;
    return { lines: [], why: isTrap ? "trapped" : "unreadable" };
  }
}

async function instance(): Promise<Scan> {
  const scan = fresh();
  module ??= await WebAssembly.compileStreaming(fetch(new URL("scan.wasm", scope.location.href)));
  await scan.default({ module_or_path: module });
  return scan;
}
