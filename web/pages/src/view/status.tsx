/** Readiness: what the gate can decide and until when, what was found on it, and its clock. */

import { useEffect, useState } from "preact/hooks";
import type { Request, Status as Known } from "../contract.ts";
import { Facts, type Props, Refusal, Sheet, Signed, useAsk } from "./parts.tsx";

export function Status({ session }: Props) {
  const { say } = session;
  const [status, setStatus] = useState<Known>();
  const { failed, ask } = useAsk(session);
  const load = async () => setStatus((await ask({ do: "status" }))?.reply.status);
  useEffect(() => void load(), [session.words]);
  const signed = (request: (by: string) => Request) => async (by: string) => {
    if (await ask(request(by))) await load();
  };
  return (
    <Sheet session={session} title={say("page-status")}>
      <Refusal failed={failed} />
      {status && status.next.length > 0 && (
        <section class="todo">
          <h2>{say("page-to-do")}</h2>
          {status.next.map((step) => (
            <p key={step}>{step}</p>
          ))}
        </section>
      )}
      {status && <Facts facts={status.facts} />}
      {status && status.findings.length > 0 && (
        <section class="findings">
          <h2>{say("page-findings")}</h2>
          <ul>
            {status.findings.map((finding) => (
              <li key={finding}>{finding}</li>
            ))}
          </ul>
          <Signed session={session} label={say("page-acknowledge")} send={signed((by) => ({ do: "acknowledge_findings", by }))} />
        </section>
      )}
      {status?.aside && (
        <section class="todo">
          <h2>{say("page-aside")}</h2>
          <Signed
            session={session}
            label={say("page-aside-right")}
            send={signed((by) => ({ do: "confirm_clock", by, aside: true }))}
          />
        </section>
      )}
      <details>
        <summary>{say("page-clock")}</summary>
        <p>{say("page-clock.next")}</p>
        <Signed session={session} label={say("page-clock-right")} send={signed((by) => ({ do: "confirm_clock", by }))} />
      </details>
    </Sheet>
  );
}
