/** QR codes on the screen. */

import { useEffect, useState } from "preact/hooks";
import type { Code } from "../contract.ts";

/** Two codes a second: the slowest camera still reads each. */
const TURN_MS = 500;

/** Draws codes in turn. Black on white in every theme, because a reader needs it so. */
export function Codes({ codes, label }: { codes: Code[]; label: string }) {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (codes.length < 2) return undefined;
    const timer = setInterval(() => setTurn((now) => now + 1), TURN_MS);
    return () => clearInterval(timer);
  }, [codes.length]);
  const code = codes[turn % codes.length];
  if (!code) return null;
  return (
    <figure class="codes">
      <svg viewBox={`0 0 ${code.side} ${code.side}`} role="img" aria-label={label} shape-rendering="crispEdges">
        <rect width={code.side} height={code.side} fill="#fff" />
        <path d={code.path} fill="#000" />
      </svg>
      {codes.length > 1 && (
        <figcaption class="turns" aria-hidden="true">
          {codes.map((_, at) => (
            <span key={at} class={at === turn % codes.length ? "now" : ""} />
          ))}
        </figcaption>
      )}
    </figure>
  );
}
