/** Engines: the gate in a Worker, or the native program on loopback. Calls are queued, one at a time. */

import type { Answer, Request } from "./contract.ts";
import { type ToWorker, type FromWorker, StartFailure } from "./protocol.ts";
import { script } from "./trusted.ts";

export interface Engine {
  /** A native gate keeps its own data and its own page; one in the browser depends on what the browser keeps. */
  readonly isNative: boolean;
  /** Milliseconds between two ticks: a native gate also moves without the page, by a scanner on a serial line. */
  readonly tick: number;
  /** Headers of a request to the office. A native gate passes it on, and only for its own page. */
  readonly headers: Record<string, string>;
  call(request: Request, bytes?: Uint8Array): Promise<Answer>;
}

/** Returns the engine that the address names: `#kiosk=TOKEN` is the native one. */
export function openEngine(fragment: string): Engine {
  const token = new URLSearchParams(fragment.replace(/^#/, "")).get("kiosk");
  return token ? new LoopbackEngine(token) : new WasmEngine();
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(why: Error): void;
}

/** The gate in a Worker. The Worker does one call after the other, in the order in which they come. */
class WasmEngine implements Engine {
  readonly isNative = false;
  readonly tick = 1000;
  readonly headers = {};
  private readonly worker = new Worker(script("engine.js"), { type: "module", name: "engine" });
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;
  private dead: Error | undefined;

  constructor() {
    this.worker.onmessage = (event: MessageEvent<FromWorker>) => this.take(event.data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.end(new StartFailure("failed"));
    };
  }

  call(request: Request, bytes?: Uint8Array): Promise<Answer> {
    if (this.dead) return Promise.reject(this.dead);
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, request, ...(bytes && { bytes }) } satisfies ToWorker);
    });
  }

  private take(message: FromWorker): void {
    if ("end" in message) return this.end(new StartFailure(message.end));
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (!waiting) return;
    if ("answer" in message) waiting.resolve(message.answer);
    else waiting.reject(new Error(message.error));
  }

  private end(why: Error): void {
    this.dead = why;
    for (const waiting of this.waiting.values()) waiting.reject(why);
    this.waiting.clear();
  }
}

/** A native call that takes longer than this is given up, in milliseconds. Opening a vault takes about one second. */
const LOOPBACK_MS = 60_000;

/** The native gate. A body is four bytes with the length of the JSON (big-endian), the JSON, and the bytes that belong to it. */
class LoopbackEngine implements Engine {
  readonly isNative = true;
  readonly tick = 250;
  private queue: Promise<unknown> = Promise.resolve();
  private readonly url = new URL("engine", document.baseURI);

  readonly headers: Record<string, string>;

  constructor(token: string) {
    this.headers = { authorization: `Bearer ${token}` };
  }

  call(request: Request, bytes?: Uint8Array): Promise<Answer> {
    const answer = this.queue.then(() => this.post(request, bytes));
    this.queue = answer.catch(() => undefined);
    return answer;
  }

  private async post(request: Request, bytes?: Uint8Array): Promise<Answer> {
    const response = await fetch(this.url, {
      method: "POST",
      headers: { ...this.headers, "content-type": "application/octet-stream" },
      body: pack(request, bytes),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(LOOPBACK_MS),
    }).catch(() => undefined);
    if (!response) throw new StartFailure("failed");
    if (response.status === 401 || response.status === 403) throw new StartFailure("token");
    if (!response.ok) throw new Error(`the gate answered ${response.status}`);
    return unpack(new Uint8Array(await response.arrayBuffer()));
  }
}

function pack(request: Request, bytes?: Uint8Array): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify(request));
  const body = new Uint8Array(4 + json.length + (bytes?.length ?? 0));
  new DataView(body.buffer).setUint32(0, json.length);
  body.set(json, 4);
  if (bytes) body.set(bytes, 4 + json.length);
  return body;
}

function unpack(body: Uint8Array): Answer {
  if (body.length < 4) throw new Error("the answer is too short");
  const end = 4 + new DataView(body.buffer, body.byteOffset).getUint32(0);
  if (end > body.length) throw new Error("the answer is too short");
  const reply = JSON.parse(new TextDecoder().decode(body.subarray(4, end)));
  return end < body.length ? { reply, bytes: body.slice(end) } : { reply };
}
