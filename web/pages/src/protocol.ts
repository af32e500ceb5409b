/** Messages between the page and the Worker of the engine. */

import type { Answer, Request } from "./contract.ts";

export interface ToWorker {
  id: number;
  request: Request;
  bytes?: Uint8Array;
}

export type FromWorker = { id: number; answer: Answer } | { id: number; error: string } | { end: StartProblem };

/**
 * Why there is no engine: another tab holds the gate, the browser keeps no files for the page or deleted them, the program did not load or did
 * not start, or the kiosk's token is not valid any more.
 */
export type StartProblem = "taken" | "storage" | "gone" | "failed" | "token";

export class StartFailure extends Error {
  constructor(readonly problem: StartProblem) {
    super(problem);
  }
}
