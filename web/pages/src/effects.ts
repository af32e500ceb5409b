/** Effects on the device: a tone, a vibration, a screen that stays on. */

import type { Level } from "./contract.ts";

/** Hertz and length of each part in milliseconds; 0 Hz is silence. No two levels have the same rhythm. */
const TONES: { [level in Level]: [number, number][] } = {
  green: [[660, 90], [990, 160]],
  amber: [[620, 120], [0, 90], [620, 120], [0, 90], [620, 120]],
  red: [[190, 650]],
  grey: [[440, 160], [0, 60], [330, 160], [0, 60], [247, 260]],
};

/** Lengths of vibration and pause in turn, in milliseconds. */
const VIBRATIONS: { [level in Level]: number[] } = {
  green: [90],
  amber: [90, 80, 90, 80, 90],
  red: [600],
  grey: [250, 120, 250],
};

let audio: AudioContext | undefined;

/** A browser lets a page make sounds after a person has touched it. */
export function prepareSound(): void {
  const wake = () => {
    audio ??= new AudioContext();
    if (audio.state === "suspended") void audio.resume();
  };
  for (const event of ["pointerdown", "keydown"]) window.addEventListener(event, wake, { capture: true, passive: true });
}

export function sound(level: Level): void {
  if (!audio || audio.state !== "running") return;
  const volume = audio.createGain();
  volume.connect(audio.destination);
  volume.gain.value = 0;
  let at = audio.currentTime + 0.01;
  for (const [hertz, ms] of TONES[level]) {
    const end = at + ms / 1000;
    if (hertz > 0) {
      const tone = audio.createOscillator();
      tone.type = level === "red" ? "sawtooth" : "triangle";
      tone.frequency.value = hertz;
      tone.connect(volume);
      volume.gain.setValueAtTime(0.4, at);
      volume.gain.setValueAtTime(0, end - 0.005);
      tone.start(at);
      tone.stop(end);
    }
    at = end;
  }
}

export function vibrate(level: Level): void {
  navigator.vibrate?.(VIBRATIONS[level]);
}

let isAwake = false;
let lock: WakeLockSentinel | undefined;

/** Keeps the screen on. The browser ends this when the page is hidden, so it is asked for again when the page comes back. */
export function stayAwake(on: boolean): void {
  isAwake = on;
  void settle();
}

document.addEventListener("visibilitychange", () => void settle());

async function settle(): Promise<void> {
  if (!isAwake) {
    await lock?.release().catch(() => undefined);
    lock = undefined;
  } else if (!document.hidden && (!lock || lock.released)) {
    lock = await navigator.wakeLock?.request("screen").catch(() => undefined);
  }
}
