/** The browser keeps this for the page: its storage, its own files, and the language that was chosen. */

import { script } from "./trusted.ts";

/** Asks the browser to keep the data of the gate when space runs short. Returns false if it does not promise that. */
export async function persist(): Promise<boolean> {
  const storage = navigator.storage;
  if (!storage?.persist) return false;
  return (await storage.persisted()) || (await storage.persist());
}

/** A newer page is looked for so often, in milliseconds. */
const LOOK_MS = 60 * 60_000;

/**
 * Keeps the page ready without a link, and watches for a newer one. A newer page waits until `take` is called: it would end a check in the
 * middle.
 */
export class Update {
  private registration: ServiceWorkerRegistration | undefined;
  private isTaken = false;

  constructor(private readonly waits: () => void) {}

  get isWaiting(): boolean {
    return Boolean(this.registration?.waiting && navigator.serviceWorker.controller);
  }

  async start(): Promise<void> {
    const workers = navigator.serviceWorker;
    if (!workers) return;
    workers.addEventListener("controllerchange", () => {
      if (this.isTaken) location.reload();
    });
    this.registration = await workers.register(script("sw.js"), { updateViaCache: "none" }).catch(() => undefined);
    const registration = this.registration;
    if (!registration) return;
    registration.addEventListener("updatefound", () => {
      registration.installing?.addEventListener("statechange", () => this.waits());
    });
    setInterval(() => this.look(), LOOK_MS);
    this.waits();
  }

  look(): void {
    this.registration?.update().catch(() => undefined);
  }

  take(): void {
    this.isTaken = true;
    this.registration?.waiting?.postMessage("take over");
  }
}

const GATE = "waypass-gate";
const LANGUAGE = "waypass-language";
const CAMERA = "waypass-camera";

/** Returns true if there was a gate here. A browser that deletes the files of a page keeps these notes. */
export function hadGate(): boolean {
  return read(GATE) !== undefined;
}

export function noteGate(): void {
  write(GATE, "here");
}

export function chosenLanguage(): string {
  return read(LANGUAGE) ?? navigator.language;
}

export function chooseLanguage(tag: string): void {
  write(LANGUAGE, tag);
}

/** Returns false where a scanner that types is used in place of the camera. */
export function usesCamera(): boolean {
  return read(CAMERA) !== "off";
}

export function useCamera(on: boolean): void {
  write(CAMERA, on ? "on" : "off");
}

function read(name: string): string | undefined {
  try {
    return localStorage.getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}
