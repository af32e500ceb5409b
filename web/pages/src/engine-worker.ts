/**
 * The Worker of the gate: it holds the files of the vault and one instance of the program.
 *
 * An instance that traps is thrown away. A new one gets the same files and opens the vault with the pass phrase that is kept here, in bytes
 * that are zeroed when the gate is locked, and is told the language again. The interrupted request is not done again: nobody knows how far it came.
 */

import { type Engine, fresh } from "glue:engine";
import type { Answer, Request } from "./contract.ts";
import type { FromWorker, StartProblem, ToWorker } from "./protocol.ts";

const VAULT = ["waypass-0", "waypass-1"];
const FILES = [...VAULT, "trust-0", "trust-1", "clock"];
/** A page that is being closed holds its files a moment longer. */
const ATTEMPTS = 20;
const PAUSE_MS = 150;

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;

interface Opened {
  module: WebAssembly.Module;
  handles: FileSystemSyncAccessHandle[];
  engine: Engine;
}

interface Phrase {
  bytes: Uint8Array;
  recovery: boolean;
}

let kept: Phrase | undefined;
let language: Request | undefined;
let queue: Promise<void> = Promise.resolve();
const opened = open().catch((problem: StartProblem) => {
  tell({ end: problem });
  return undefined;
});

scope.onmessage = (event: MessageEvent<ToWorker>) => {
  queue = queue.then(() => serve(event.data));
};

function tell(message: FromWorker): void {
  scope.postMessage(message);
}

async function serve({ id, request, bytes }: ToWorker): Promise<void> {
  const gate = await opened;
  if (!gate) return;
  try {
    const answer = call(gate.engine, request, bytes);
    // What was written into deleted files is lost, so it is not acknowledged.
    if (await areGone(gate.handles)) {
      forget();
      tell({ end: "gone" });
      return scope.close();
    }
    keep(request, answer);
    tell({ id, answer });
  } catch (why) {
    if (!isTrap(why)) return tell({ id, error: String(why) });
    try {
      tell({ id, answer: await replace(gate) });
    } catch {
      tell({ end: "failed" });
    }
  }
}

function call(engine: Engine, request: Request, bytes?: Uint8Array): Answer {
  const answer = engine.call(JSON.stringify(request), bytes);
  const reply = JSON.parse(answer.json);
  return answer.bytes ? { reply, bytes: answer.bytes } : { reply };
}

/** An instance that ran out of memory or of stack is as broken as one that reached `unreachable`. */
function isTrap(why: unknown): boolean {
  return why instanceof WebAssembly.RuntimeError || why instanceof RangeError;
}

/** Puts a new instance in the place of one that trapped. Without the right pass phrase the gate is locked, and says so in its frame. */
async function replace(gate: Opened): Promise<Answer> {
  gate.engine = await instance(gate.module, gate.handles);
  if (language) call(gate.engine, language);
  if (kept) {
    const phrase = new TextDecoder().decode(kept.bytes);
    const answer = call(gate.engine, { do: "unlock", phrase, recovery: kept.recovery });
    if (answer.reply.failed) {
      forget();
      return call(gate.engine, { do: "look" });
    }
  }
  return call(gate.engine, { do: "trapped" });
}

function keep(request: Request, { reply }: Answer): void {
  if (request.do === "language") language = request;
  if ((request.do === "unlock" || request.do === "create") && !reply.failed) {
    forget();
    const recovery = request.do === "unlock" && request.recovery === true;
    kept = { bytes: new TextEncoder().encode(request.phrase), recovery };
  } else if (reply.frame.stage !== "open") {
    forget();
  }
}

function forget(): void {
  kept?.bytes.fill(0);
  kept = undefined;
}

async function open(): Promise<Opened> {
  const [module, handles] = await Promise.all([compile(), files()]);
  const engine = await instance(module, handles).catch(() => Promise.reject<never>("failed" satisfies StartProblem));
  return { module, handles, engine };
}

function compile(): Promise<WebAssembly.Module> {
  const address = new URL("engine.wasm", scope.location.href);
  return WebAssembly.compileStreaming(fetch(address)).catch(() => Promise.reject<never>("failed" satisfies StartProblem));
}

async function instance(module: WebAssembly.Module, handles: FileSystemSyncAccessHandle[]): Promise<Engine> {
  const glue = fresh();
  await glue.default({ module_or_path: module });
  return new glue.Engine(handles);
}

/**
 * Returns how many bytes of the vault's files a page would find that opens them now, 0 for a file that is not there.
 *
 * The browser deletes all files of a page or none, as it does when space runs short. Files that are open take every write as before, and
 * nobody finds it again.
 */
async function found(): Promise<number[]> {
  const root = await navigator.storage.getDirectory();
  return Promise.all(
    VAULT.map(async (name) => {
      try {
        return (await (await root.getFileHandle(name)).getFile()).size;
      } catch (why) {
        if (why instanceof DOMException && why.name === "NotFoundError") return 0;
        throw why;
      }
    }),
  );
}

/** Returns true if the browser deleted the open files. Another tab may have made an empty one of the same name since. */
async function areGone(handles: FileSystemSyncAccessHandle[]): Promise<boolean> {
  const sizes = await found().catch(() => undefined);
  return sizes?.some((size, place) => size === 0 && handles[place]?.getSize() !== 0) ?? false;
}

/**
 * Returns true if there is no vault in the files, though they are taken. A tab that has them open has written into them, so it is nobody:
 * Chromium takes deleted files for open ones until it is started again.
 */
async function isNobody(): Promise<boolean> {
  const sizes = await found().catch(() => undefined);
  return sizes?.every((size) => size === 0) ?? false;
}

/** Opens the files. The browser gives each to one page at a time, so a second page learns here that it is the second. */
async function files(): Promise<FileSystemSyncAccessHandle[]> {
  const root = await navigator.storage.getDirectory().catch(() => Promise.reject<never>("storage" satisfies StartProblem));
  for (let attempt = 1; ; attempt += 1) {
    const handles: FileSystemSyncAccessHandle[] = [];
    try {
      for (const name of FILES) {
        const file = await root.getFileHandle(name, { create: true });
        handles.push(await file.createSyncAccessHandle());
      }
      return handles;
    } catch (why) {
      for (const handle of handles) handle.close();
      const isTaken = why instanceof DOMException && why.name === "NoModificationAllowedError";
      if (!isTaken) throw "storage" satisfies StartProblem;
      if (attempt === ATTEMPTS) throw ((await isNobody()) ? "gone" : "taken") satisfies StartProblem;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
