/**
 * The keyboard: a person, and a scanner that types. Both send the same events, and only the speed tells them apart.
 *
 * Characters are held back until it is known who typed them. A burst that ends in Enter is a line of a scanner, whatever has the focus. All
 * else goes on to the field that has the focus, or is a key of the checkpoint.
 */

import type { Key } from "./contract.ts";

/** A scanner leaves less time than this between two characters, in milliseconds. A person rarely does, and not six times in a row. */
const GAP_MS = 50;
/** In a line that has begun so fast, a pause of a busy machine is no end, in milliseconds. */
const PAUSE_MS = 600;
/** The page waits so much longer for keys that are already on their way, in milliseconds. */
const REST_MS = 10;
/** The shortest line of a scanner. */
const SHORTEST = 6;
/** The longest line that is kept: some times the longest code that there is. */
const LONGEST = 20_000;

const LETTERS: { [letter: string]: Key } = { c: "confirm", t: "turn_away", s: "sync" };

export interface Listener {
  line(text: string): void;
  key(key: Key): void;
  /** The keys that do something now. */
  offers(key: Key): boolean;
}

type Field = HTMLInputElement | HTMLTextAreaElement;

export class Keyboard {
  private held = "";
  /** So many characters of it were handed on already, because the rest came late. */
  private handed = 0;
  private lastAt = -Infinity;
  private timer = 0;

  constructor(private readonly listener: Listener) {
    // Before everything else on the page, whatever has the focus.
    window.addEventListener("keydown", (event) => this.down(event), true);
    window.addEventListener("keyup", (event) => this.up(event), true);
    window.addEventListener("blur", () => this.release());
  }

  private down(event: KeyboardEvent): void {
    if (event.isComposing || isModifier(event)) return;
    const isQuick = event.timeStamp - this.lastAt <= this.gap;
    if (!isQuick && this.held) this.release();
    if (isCharacter(event)) return this.hold(event);
    if (event.key === "Enter" || event.key === "Tab") {
      if (isQuick && this.held.length >= SHORTEST) return this.scanned(event);
    }
    this.release();
    this.person(event);
  }

  /** A button is pressed when the space bar goes up. */
  private up(event: KeyboardEvent): void {
    if (event.key === " " && !isField(document.activeElement)) event.preventDefault();
  }

  private hold(event: KeyboardEvent): void {
    if (event.repeat) {
      this.release();
      return;
    }
    stop(event);
    if (this.held.length < LONGEST) this.held += event.key;
    this.lastAt = event.timeStamp;
    this.wait(this.gap, () => this.wait(REST_MS, () => this.handOn()));
  }

  private get gap(): number {
    return this.held.length < SHORTEST ? GAP_MS : PAUSE_MS;
  }

  /** Waits in two steps: after a moment in which the page was busy, keys that came meanwhile are taken before the second ends. */
  private wait(ms: number, then: () => void): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(then, ms);
  }

  private scanned(event: KeyboardEvent): void {
    stop(event);
    const line = this.held;
    this.drop();
    this.listener.line(line);
  }

  private drop(): void {
    clearTimeout(this.timer);
    this.held = "";
    this.handed = 0;
  }

  private release(): void {
    this.handOn();
    this.drop();
  }

  /**
   * Hands on what seems to be typed by a person. It stays held: on a busy machine the rest of a scanner's line comes later than the page can
   * wait, and its time says that it belongs to this.
   */
  private handOn(): void {
    const text = this.held.slice(this.handed);
    this.handed = this.held.length;
    if (!text) return;
    const target = document.activeElement;
    if (isField(target)) return insert(target, text);
    if (this.held === " " && target instanceof HTMLElement) return target.click();
    const key = this.held.length === 1 ? LETTERS[text.toLowerCase()] : undefined;
    if (key && this.listener.offers(key)) this.listener.key(key);
  }

  private person(event: KeyboardEvent): void {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape") return this.listener.key("escape");
    const target = document.activeElement;
    const hasOwnEnter = target instanceof HTMLElement && target.matches("a[href], button, input, textarea, summary");
    if (event.key === "Enter" && !hasOwnEnter) {
      event.preventDefault();
      this.listener.key("enter");
    }
  }
}

function stop(event: Event): void {
  event.preventDefault();
  event.stopImmediatePropagation();
}

function isModifier(event: KeyboardEvent): boolean {
  return ["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "NumLock"].includes(event.key);
}

/** AltGr is Control and Alt on some keyboards. */
function isCharacter(event: KeyboardEvent): boolean {
  const isShortcut = event.metaKey || (event.ctrlKey !== event.altKey && !event.getModifierState("AltGraph"));
  return [...event.key].length === 1 && !isShortcut;
}

function isField(target: Element | null): target is Field {
  if (target instanceof HTMLTextAreaElement) return !target.readOnly;
  return target instanceof HTMLInputElement && ["text", "password"].includes(target.type) && !target.readOnly;
}

/** Types into a field as the browser does: at the caret, over what is selected. */
function insert(field: Field, text: string): void {
  const [start, end] = [field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length];
  field.setRangeText(text, start, end, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText", data: text }));
}
