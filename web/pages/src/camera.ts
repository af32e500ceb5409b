/** The camera: frames for the reader, and what became of the camera. */

import type { Scanner } from "./scanner.ts";

export type CameraState = "off" | "starting" | "works" | "denied" | "gone";

export interface Watcher {
  state(state: CameraState): void;
  line(text: string): void;
}

const WISHES: MediaStreamConstraints = {
  audio: false,
  video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
};
/**
 * A code that stays in view is reported once. Out of view for so long, it counts as shown again, in milliseconds. Less than the time in
 * which one code of a carousel of two is away.
 */
const SEEN_MS = 400;
/** A camera that is gone is looked for again, in milliseconds. */
const AGAIN_MS = 5_000;
/** The time between two looks, when the browser does not tell of new frames, in milliseconds. */
const LOOK_MS = 50;

export class Camera {
  state: CameraState = "off";
  stream: MediaStream | undefined;
  private wanted = false;
  private run = 0;
  private retry = 0;
  private readonly video = document.createElement("video");
  private readonly canvas = document.createElement("canvas");
  private readonly seen = new Map<string, number>();

  constructor(
    private readonly scanner: Scanner,
    private readonly watcher: Watcher,
  ) {
    this.video.muted = true;
    this.video.playsInline = true;
    // A page that comes back from the background gets black frames from its old stream, so it takes a new one.
    document.addEventListener("visibilitychange", () => this.settle());
    const again = () => {
      if (this.state === "denied" || this.state === "gone") this.restart();
    };
    navigator.mediaDevices?.addEventListener("devicechange", again);
    void navigator.permissions
      ?.query({ name: "camera" as PermissionName })
      .then((permission) => permission.addEventListener("change", again))
      .catch(() => undefined);
  }

  want(wanted: boolean): void {
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    this.settle();
  }

  /** Asks for the camera again: a person allowed it meanwhile, or plugged it in. */
  restart(): void {
    this.stop();
    this.settle();
  }

  get hasTorch(): boolean {
    const track = this.stream?.getVideoTracks()[0];
    return Boolean((track?.getCapabilities?.() as { torch?: boolean } | undefined)?.torch);
  }

  async torch(on: boolean): Promise<void> {
    const light = { torch: on } as MediaTrackConstraintSet;
    await this.stream?.getVideoTracks()[0]?.applyConstraints({ advanced: [light] }).catch(() => undefined);
  }

  private settle(): void {
    const isOn = this.state === "works" || this.state === "starting";
    if (this.wanted && !document.hidden) {
      if (!isOn) void this.start();
    } else if (this.state !== "off") {
      this.stop();
      this.say("off");
    }
  }

  private stop(): void {
    this.run += 1;
    clearTimeout(this.retry);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = undefined;
    this.video.srcObject = null;
    this.state = "off";
  }

  private async start(): Promise<void> {
    const run = ++this.run;
    this.say("starting");
    try {
      if (!navigator.mediaDevices) throw new DOMException("no camera here", "NotFoundError");
      const stream = await navigator.mediaDevices.getUserMedia(WISHES);
      if (run !== this.run) return stream.getTracks().forEach((track) => track.stop());
      this.stream = stream;
      stream.getVideoTracks()[0]?.addEventListener("ended", () => this.lost(run, "gone"));
      this.video.srcObject = stream;
      await this.video.play();
      if (run !== this.run) return;
      this.say("works");
      this.next(run);
    } catch (why) {
      const isDenied = why instanceof DOMException && ["NotAllowedError", "SecurityError"].includes(why.name);
      this.lost(run, isDenied ? "denied" : "gone");
    }
  }

  private lost(run: number, state: "denied" | "gone"): void {
    if (run !== this.run) return;
    this.stop();
    this.say(state);
    // Asking again for a camera that was denied would only open the question again.
    if (state === "gone") this.retry = window.setTimeout(() => this.settle(), AGAIN_MS);
  }

  private say(state: CameraState): void {
    this.state = state;
    this.watcher.state(state);
  }

  private next(run: number): void {
    if (run !== this.run) return;
    const look = () => void this.look(run);
    if ("requestVideoFrameCallback" in this.video) this.video.requestVideoFrameCallback(look);
    else setTimeout(look, LOOK_MS);
  }

  /** Reads one frame. The next one is asked for when this one is read, so that no more than one is in work. */
  private async look(run: number): Promise<void> {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (run !== this.run) return;
    if (width > 0 && height > 0 && !this.scanner.isBusy) {
      if (this.canvas.width !== width) this.canvas.width = width;
      if (this.canvas.height !== height) this.canvas.height = height;
      const context = this.canvas.getContext("2d", { willReadFrequently: true });
      context?.drawImage(this.video, 0, 0);
      const pixels = context?.getImageData(0, 0, width, height).data;
      if (pixels) {
        const { lines } = await this.scanner.read({ width, height, rgba: new Uint8Array(pixels.buffer) });
        if (run === this.run) lines.forEach((line) => this.saw(line));
      }
    }
    this.next(run);
  }

  private saw(line: string): void {
    const now = performance.now();
    for (const [known, at] of this.seen) if (now - at > SEEN_MS) this.seen.delete(known);
    const isNew = !this.seen.has(line);
    this.seen.set(line, now);
    if (isNew) this.watcher.line(line);
  }
}
