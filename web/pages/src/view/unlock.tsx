/** The locked gate: the pass phrase, or the recovery code. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Frame } from "../contract.ts";
import { Field, Form, type Props, Refusal, Said, useAsk } from "./parts.tsx";

export function Unlock({ session, frame }: Props & { frame: Frame }) {
  const { say } = session;
  const [phrase, setPhrase] = useState("");
  const [recovery, setRecovery] = useState(false);
  const { busy, failed, ask } = useAsk(session);
  const form = useRef<HTMLDivElement>(null);
  useEffect(() => form.current?.querySelector("input")?.focus(), [recovery, session.unlocks]);
  const send = async () => {
    await ask(recovery ? { do: "unlock", phrase, recovery } : { do: "unlock", phrase });
    setPhrase("");
    form.current?.querySelector("input")?.focus();
  };
  return (
    <div class="unlock" ref={form}>
      <Said frame={frame} />
      <Form
        send={() => void send()}
        label={say(busy ? "page-working" : "page-unlock")}
        busy={busy}
        more={
          <button type="button" class="quiet" onClick={() => setRecovery(!recovery)}>
            {say(recovery ? "page-use-phrase" : "page-use-recovery")}
          </button>
        }
      >
        <Field key={`${recovery}`} label={say(recovery ? "page-recovery" : "page-phrase")} value={phrase} set={setPhrase} secret={!recovery} code={recovery} />
      </Form>
      <Refusal failed={failed} />
    </div>
  );
}
