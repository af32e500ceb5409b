/** Shapes, for those who cannot see the colour. */

import type { Level, Shape as Name } from "../contract.ts";

const SHAPES: { [level in Level]: Name } = { green: "tick", amber: "triangle", red: "cross", grey: "question_mark" };

const PATHS: { [name in Name]: string } = {
  tick: "M14 52 38 76 86 24",
  triangle: "M50 12 94 88H6ZM50 42V60M50 73V73.1",
  cross: "M20 20 80 80M80 20 20 80",
  question_mark: "M30 36A20 20 0 1 1 58 52Q50 57 50 66M50 86V86.1",
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
