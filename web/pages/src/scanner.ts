/** The page's side of the reader of pictures: one picture at a time, with a time limit. */

import { script } from "./trusted.ts";

export type ToScan = { width: number; height: number; rgba: Uint8Array } | { bytes: Uint8Array };

/** The texts of the codes in a picture. `why` says that the picture could not be read, or that the reader trapped or took too long. */
export interface FromScan {
  lines: string[];
  why?: "unreadable" | "trapped" | "slow";
}

/** A picture that takes longer was made to be slow, in milliseconds. */
const LIMIT_MS = 6_000;

export class Scanner {
  private worker: Worker | undefined;
  private queue: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  get isBusy(): boolean {
    return this.waiting > 0;
  }

  read(picture: ToScan): Promise<FromScan> {
    this.waiting += 1;
    const result = this.queue.then(() => this.send(picture)).finally(() => (this.waiting -= 1));
    this.queue = result;
    return result;
  }

  private send(picture: ToScan): Promise<FromScan> {
    const worker = (this.worker ??= new Worker(script("scan.js"), { type: "module", name: "scan" }));
    return new Promise((resolve) => {
      const giveUp = (why: "trapped" | "slow") => {
        worker.terminate();
        this.worker = undefined;
        clearTimeout(timer);
        resolve({ lines: [], why });
      };
      const timer = setTimeout(() => giveUp("slow"), LIMIT_MS);
      worker.onerror = (event) => {
        event.preventDefault();
        giveUp("trapped");
      };
      worker.onmessage = (event: MessageEvent<FromScan>) => {
        clearTimeout(timer);
        resolve(event.data);
      };
      worker.postMessage(picture, ["rgba" in picture ? picture.rgba.buffer : picture.bytes.buffer]);
    });
  }
}
