/** The state of the page: the last frame of the engine, the words, and what the browser says about itself. */

import { Camera } from "./camera.ts";
import type { Answer, Effect, Frame, Key, Kind, Reply, Request, Words } from "./contract.ts";
import { chooseLanguage, chosenLanguage, hadGate, noteGate, persist, Update, useCamera, usesCamera } from "./device.ts";
import { sound, stayAwake, vibrate } from "./effects.ts";
import type { Engine } from "./engine.ts";
import { Keyboard } from "./keyboard.ts";
import { StartFailure, type StartProblem } from "./protocol.ts";
import { Scanner } from "./scanner.ts";
import { Sync } from "./sync.ts";

export type Page = "checkpoint" | "status" | "log" | "flags" | "sync" | "question" | "setup" | "language";

/** States that a person has to see at once, wherever on the page they are. */
const URGENT: Kind[] = ["gathering", "deciding", "verdict", "confirming", "settling", "trapped"];
/** States in which nothing is lost when the page begins anew. */
const CALM: Kind[] = ["ready", "not_ready", "locked"];

export class Session {
  frame: Frame | undefined;
  words: Words;
  problem: StartProblem | undefined;
  page: Page = "checkpoint";
  /** The recovery code of a new gate, until a person has written it down. */
  recovery: string | undefined;
  /** False if the browser may delete the data of the gate. */
  isKept = true;
  /** True if there was a gate here, whose data the browser deleted. */
  isGone = false;
  usesCamera = usesCamera();
  /** Counts the verdicts: each is read out, and takes the focus. */
  verdicts = 0;
  /** Counts the requests to unlock: the field takes the focus for each. */
  unlocks = 0;
  readonly scanner = new Scanner();
  readonly camera: Camera;
  readonly sync: Sync;
  readonly update: Update;
  /** False until the engine has given the words of the language. */
  hasWords = false;
  private typesLines = false;
  private isTicking = false;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly engine: Engine) {
    const tag = chosenLanguage().split("-")[0] ?? "en";
    this.words = { ...BOOT_WORDS["en"], ...BOOT_WORDS[tag] };
    this.sync = new Sync((request, bytes) => this.must(request, bytes), () => this.changed(), this.engine.headers);
    this.update = new Update(() => this.changed());
    this.camera = new Camera(this.scanner, {
      state: () => this.tellScanner(),
      line: (text) => void this.call({ do: "line", text }),
    });
    new Keyboard({
      line: (text) => this.typedLine(text),
      key: (key) => this.key(key),
      offers: (key) => this.page === "checkpoint" && Boolean(this.frame?.actions.some((action) => action.key === key)),
    });
  }

  /** Begins. The engine says in its first frame how far the gate is. */
  async start(): Promise<void> {
    if (!this.engine.isNative) {
      void this.update.start();
      this.isKept = await persist().catch(() => false);
    }
    await this.language(chosenLanguage());
    setInterval(() => void this.tick(), this.engine.tick);
    document.addEventListener("visibilitychange", () => void this.tick());
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Returns a text of the page. An id is still better than nothing. */
  readonly say = (id: string): string => this.words[id] ?? id;

  /** Asks the engine and draws its frame. `undefined` means that it did not answer; the words for that are the page's own. */
  async call(request: Request, bytes?: Uint8Array): Promise<Answer | undefined> {
    try {
      return await this.must(request, bytes);
    } catch {
      return undefined;
    }
  }

  async language(tag: string): Promise<void> {
    await this.call({ do: "language", tag });
    const answer = await this.call({ do: "words" });
    if (answer?.reply.words) {
      this.words = { ...this.words, ...answer.reply.words };
      this.hasWords = true;
    }
    this.changed();
  }

  async choose(tag: string): Promise<void> {
    chooseLanguage(tag);
    await this.language(tag);
  }

  go(page: Page): void {
    this.page = page;
    this.settle();
    this.changed();
  }

  key(key: Key): void {
    if (this.page !== "checkpoint") {
      if (key === "escape") this.go("checkpoint");
      return;
    }
    if (this.frame?.stage !== "new") void this.call({ do: "key", key });
  }

  async lock(): Promise<void> {
    this.page = "checkpoint";
    await this.call({ do: "lock" });
  }

  switchCamera(on: boolean): void {
    useCamera(on);
    this.usesCamera = on;
    this.settle();
    this.tellScanner();
  }

  /** A newer page is offered where it interrupts nobody. */
  get offersUpdate(): boolean {
    const frame = this.frame;
    const isCalm = frame && this.recovery === undefined && (frame.stage === "new" || CALM.includes(frame.kind));
    return Boolean(isCalm) && this.update.isWaiting;
  }

  /** Begins anew when there is no engine: with the newer page, if one waits. Never under a gate that is open in another tab. */
  retry(): void {
    if (this.update.isWaiting && this.problem !== "taken") this.update.take();
    else location.reload();
  }

  changed(): void {
    for (const listener of this.listeners) listener();
  }

  private async must(request: Request, bytes?: Uint8Array): Promise<Answer> {
    try {
      const answer = await this.engine.call(request, bytes);
      this.problem = undefined;
      this.take(answer.reply);
      return answer;
    } catch (why) {
      if (why instanceof StartFailure) this.problem = why.problem;
      this.changed();
      throw why;
    }
  }

  private take({ frame, recovery }: Reply): void {
    const before = this.frame;
    this.frame = frame;
    if (recovery !== undefined) this.recovery = recovery;
    if (frame.kind !== before?.kind && URGENT.includes(frame.kind)) this.page = "checkpoint";
    const root = document.documentElement;
    [root.lang, root.dir] = [frame.lang, frame.dir];
    for (const effect of frame.effects) this.carryOut(effect);
    if (frame.stage !== before?.stage) this.enter(frame.stage);
    if (frame.kind === "trapped" && before?.kind !== "trapped") this.tellScanner();
    this.changed();
  }

  private enter(stage: Frame["stage"]): void {
    this.settle();
    if (stage === "new") this.isGone = hadGate();
    else if (!this.engine.isNative) noteGate();
    if (stage === "open") {
      this.tellScanner();
      this.sync.start();
    } else {
      this.sync.stop();
      if (stage === "locked") this.page = "checkpoint";
    }
  }

  /** The camera looks wherever a guard may be, and not yet while a gate is set up. */
  private settle(): void {
    const isSettingUp = this.recovery !== undefined || this.page === "setup";
    this.camera.want(this.usesCamera && this.frame?.stage === "open" && !isSettingUp);
  }

  private carryOut(effect: Effect): void {
    switch (effect.do) {
      case "sound":
        this.verdicts += 1;
        return sound(effect.level);
      case "vibrate":
        return vibrate(effect.level);
      case "awake":
        return stayAwake(effect.on);
      case "clear_after":
        // A little later than the second, so that it is over by then.
        window.setTimeout(() => void this.call({ do: "tick" }), effect.seconds * 1000 + 50);
        return;
      case "open_scanner":
        if (this.usesCamera) this.camera.restart();
        return;
      case "unlock":
        this.unlocks += 1;
        return;
      case "open_door":
        // The door hangs on a native gate, which opens it by itself.
        return;
      case "sync":
        void this.sync.run().catch(() => undefined);
    }
  }

  private async tick(): Promise<void> {
    if (document.hidden || this.isTicking) return;
    this.isTicking = true;
    if (this.hasWords) await this.call({ do: "tick" });
    else await this.language(chosenLanguage());
    this.isTicking = false;
  }

  /** A scanner that types is a scanner that works, whatever became of the camera. */
  private typedLine(text: string): void {
    if (!this.typesLines) {
      this.typesLines = true;
      this.tellScanner();
    }
    void this.call({ do: "line", text });
  }

  private tellScanner(): void {
    this.changed();
    if (this.frame?.stage !== "open") return;
    const { state } = this.camera;
    if (this.typesLines || !this.usesCamera || state === "works") void this.call({ do: "scanner", state: "works" });
    else if (state === "denied" || state === "gone") void this.call({ do: "scanner", state });
  }
}
