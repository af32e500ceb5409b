/** Shapes, for those who cannot see the colour. */

import type { Level, Shape as Name } from "../contract.ts";

const SHAPES: { [level in Level]: Name } = { green: "tick", amber: "triangle", red: "cross", grey: "question_mark" };

const PATHS: { [name in Name]: string } = {
  tick: "M14 52 38 76 86 24",
  triangle: "M50 14 92 86H8ZM50 42V60M50 72V73",
  cross: "M20 20 80 80M80 20 20 80",
  question_mark: "M30 36A20 20 0 1 1 58 54Q50 58 50 68M50 84V85",
  frame: "M14 34V14H34M66 14H86V34M86 66V86H66M34 86H14V66",
};

/** Draws a shape in the colour of the text. Its meaning is in words next to it. */
export function Shape({ name }: { name: Name }) {
  return (
    <svg class={`shape shape-${name}`} viewBox="0 0 100 100" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function LevelShape({ level }: { level: Level }) {
  return <Shape name={SHAPES[level]} />;
}
