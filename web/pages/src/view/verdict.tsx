/** The verdict: word, shape, colour, who, the next action, the checks one by one, and how old the evidence is. */

import type { Frame, Verdict as Decided } from "../contract.ts";
import type { Session } from "../session.ts";
import { Facts } from "./parts.tsx";
import { LevelShape, Shape } from "./shape.tsx";

export function Verdict({ session, frame, verdict }: { session: Session; frame: Frame; verdict: Decided }) {
  return (
    <section class="verdict" role="alert" tabIndex={-1} data-focus="verdict">
      <div class="word">
        <Shape name={frame.shape} />
        <h1>{verdict.word}</h1>
      </div>
      <div class="answer">
        {verdict.headline && <p class="headline">{verdict.headline}</p>}
        {verdict.next.length > 0 && (
          <div class="next">
            {verdict.next.map((step) => (
              <p key={step}>{step}</p>
            ))}
          </div>
        )}
        {verdict.who.length > 0 && <Facts facts={verdict.who} />}
      </div>
      <div class="reasons">
        {verdict.checks.length > 0 && (
          <div>
            <h2>{session.say("page-checks")}</h2>
            <ul class="checks">
              {verdict.checks.map((check) => (
                <li key={check.what} class={`check-${check.level}`}>
                  <LevelShape level={check.level} />
                  <span>
                    <span class="what">{check.what}</span>
                    {check.detail && <span class="detail" dir="auto">{check.detail}</span>}
                    {check.code && <code dir="ltr">{check.code}</code>}
                  </span>
                </li>
              ))}
            </ul>
          </div>
        )}
        {verdict.evidence.length > 0 && (
          <div>
            <h2>{session.say("page-evidence")}</h2>
            <Facts facts={verdict.evidence} />
          </div>
        )}
      </div>
    </section>
  );
}
