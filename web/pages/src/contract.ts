/** The words that the page and an engine exchange. The engine decides; the page draws frames, reports events and carries out effects. */

export type Level = "green" | "amber" | "red" | "grey";
export type Tone = "plain" | Level;
export type Key = "enter" | "escape" | "confirm" | "turn_away" | "sync";

export type Kind =
  | "starting"
  | "not_ready"
  | "ready"
  | "gathering"
  | "deciding"
  | "verdict"
  | "confirming"
  | "settling"
  | "locked"
  | "trapped";

export type Request =
  | { do: "words" }
  | { do: "look" }
  | { do: "tick" }
  | { do: "language"; tag: string }
  | { do: "create"; name: string; site: string; zone: string; phrase: string }
  | { do: "unlock"; phrase: string; recovery?: boolean }
  | { do: "lock" }
  | { do: "line"; text: string }
  | { do: "key"; key: Key }
  | { do: "typed"; text: string }
  | { do: "scanner"; state: "works" | "denied" | "gone" }
  | { do: "trapped" }
  | { do: "ask_for"; roles: string[]; claims: string[]; purpose: string }
  | { do: "status" }
  | { do: "log"; before?: number; count: number }
  | { do: "flags" }
  | { do: "acknowledge_flag"; seq: number; by: string }
  | { do: "acknowledge_findings"; by: string }
  | { do: "confirm_clock"; by: string; aside?: boolean }
  | { do: "enrolment" }
  | { do: "pin"; number: string }
  | { do: "take" }
  | { do: "give" }
  | { do: "sync_begin" }
  | { do: "sync_answer"; status: number };

/** Text of the page by message id; an attribute has the id `page-x.next`. */
export type Words = { [id: string]: string };

export interface Reply {
  frame: Frame;
  failed?: Failed;
  words?: Words;
  /** The recovery code of a new gate. It is shown once. */
  recovery?: string;
  status?: Status;
  /** The settings of the question, in an answer to `status`. */
  asks?: Asks;
  records?: LogRecord[];
  flags?: Flag[];
  enrolment?: { codes: Code[]; file: string };
  /** The name of the file that the bytes are. */
  file?: string;
  /** The result of a synchronization, in words. */
  synced?: string[];
  ask?: Ask;
}

/** A request was refused: why, and the next action. `detail` is the fact behind it in English, for a supervisor. */
export interface Failed {
  what: string;
  next: string;
  detail?: string;
}

export interface Asks {
  roles: string[];
  claims: string[];
  purpose: string;
}

/** A request that the page makes for the engine. `path` is relative to the base of the synchronization, `limit` counts bytes. */
export interface Ask {
  method: "GET" | "POST";
  path: string;
  limit: number;
}

export interface Frame {
  stage: "new" | "locked" | "open";
  lang: string;
  dir: "ltr" | "rtl";
  kind: Kind;
  tone: Tone;
  shape: Shape;
  title: string;
  advice: string[];
  notice?: string;
  verdict?: Verdict;
  focus: "question" | "title" | "verdict" | "field";
  actions: Action[];
  banner: { tone: Tone; messages: string[] };
  shift: string;
  question?: Code[];
  gate?: { name: string; site: string; zone: string; id: string };
  effects: Effect[];
}

export type Shape = "tick" | "triangle" | "cross" | "question_mark" | "frame";

export interface Action {
  key: Key;
  label: string;
}

export interface Verdict {
  level: Level;
  word: string;
  headline?: string;
  who: Fact[];
  checks: Check[];
  evidence: Fact[];
  next: string[];
  seq?: number;
}

export interface Check {
  level: Level;
  what: string;
  detail: string;
  code?: string;
}

export type Effect =
  | { do: "sound"; level: Level }
  | { do: "vibrate"; level: Level }
  | { do: "awake"; on: boolean }
  | { do: "clear_after"; seconds: number }
  | { do: "open_scanner" }
  | { do: "open_door" }
  | { do: "unlock" }
  | { do: "sync" };

/** A QR code: the black modules as one SVG path in a square of `side` units, quiet zone included. */
export interface Code {
  side: number;
  path: string;
}

export interface Fact {
  label: string;
  value: string;
}

export interface Status {
  facts: Fact[];
  next: string[];
  findings: string[];
  /** True if data that is dated far ahead waits for a person. */
  aside?: boolean;
}

export interface LogRecord {
  seq: number;
  at: string;
  event: string;
  level?: Level;
  line: string;
  flagged?: boolean;
}

export interface Flag {
  seq: number;
  line: string;
  answer?: string;
}

/** An answer of an engine, with the bytes that belong to it. */
export interface Answer {
  reply: Reply;
  bytes?: Uint8Array;
}
