/** Synchronization by link: the engine says what to ask the office, and the page asks. */

import type { Answer, Ask, Reply, Request } from "./contract.ts";

/** One request to the office may take so long, in milliseconds. */
const LIMIT_MS = 30_000;
/** More requests than this are no synchronization. */
const MOST_REQUESTS = 1_000;
/** The answers of a proxy or a kiosk that does not reach the office itself (RFC 9110 §15.6.3, §15.6.5). */
const NO_LINK = [502, 504];
const MINUTE_MS = 60_000;
/** A synchronization that went well is followed by the next after so many minutes. */
const PAUSE = 15;

type Call = (request: Request, bytes?: Uint8Array) => Promise<Answer>;

interface Got {
  /** 0 without a link. */
  status: number;
  bytes?: Uint8Array;
}

export class Sync {
  isRunning = false;
  /** Whether the office answered last time. `undefined` before the first time. */
  hasLink: boolean | undefined;
  private isOn = false;
  private timer = 0;
  private minutes = 1;

  constructor(
    private readonly call: Call,
    private readonly changed: () => void,
    private readonly headers: Record<string, string>,
  ) {}

  /** Begins to synchronise by itself: now, and from then on. A link is known by what it answers, and by nothing the browser says about it. */
  start(): void {
    this.isOn = true;
    void this.run().catch(() => undefined);
  }

  stop(): void {
    this.isOn = false;
    clearTimeout(this.timer);
  }

  /** Synchronises once. Returns the engine's last answer, or `undefined` while another one runs. */
  async run(): Promise<Reply | undefined> {
    if (this.isRunning) return undefined;
    this.isRunning = true;
    clearTimeout(this.timer);
    this.changed();
    let last: Reply | undefined;
    try {
      last = await this.exchange();
    } finally {
      this.isRunning = false;
      this.plan(Boolean(last?.synced) && !last?.failed);
      this.changed();
    }
    return last;
  }

  private plan(isWell: boolean): void {
    const pause = isWell ? PAUSE : this.minutes;
    this.minutes = isWell ? 1 : Math.min(this.minutes * 2, PAUSE);
    if (this.isOn) this.timer = window.setTimeout(() => void this.run().catch(() => undefined), pause * MINUTE_MS);
  }

  private async exchange(): Promise<Reply> {
    let answer = await this.call({ do: "sync_begin" });
    for (let count = 0; answer.reply.ask && count < MOST_REQUESTS; count += 1) {
      const { status, bytes } = await request(answer.reply.ask, this.headers, answer.bytes);
      this.hasLink = status !== 0;
      answer = await this.call({ do: "sync_answer", status }, bytes);
    }
    return answer.reply;
  }
}

/** Asks the office. An answer that is too long, too late or from elsewhere counts as no answer. */
export async function request({ method, path, limit }: Ask, headers: Record<string, string>, body?: Uint8Array): Promise<Got> {
  const base = new URL("../", document.baseURI);
  const url = new URL(path, base);
  if (!url.href.startsWith(base.href)) return { status: 0 };
  try {
    const response = await fetch(url, {
      method,
      headers: { ...headers, ...(method === "POST" && { "content-type": "application/json" }) },
      ...(method === "POST" && { body: new Uint8Array(body ?? []) }),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    if (NO_LINK.includes(response.status)) return { status: 0 };
    return { status: response.status, bytes: await read(response, limit) };
  } catch {
    return { status: 0 };
  }
}

async function read(response: Response, limit: number): Promise<Uint8Array> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || !value) break;
    length += value.length;
    if (length > limit) {
      await reader?.cancel();
      throw new RangeError("the answer is too long");
    }
    pieces.push(value);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
