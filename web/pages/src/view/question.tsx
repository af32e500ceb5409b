/** Settings: what the gate's questions ask for, and the language. */

import { useEffect, useState } from "preact/hooks";
import { Done, Field, Form, type Props, Refusal, Sheet, useAsk } from "./parts.tsx";

export function Question({ session }: Props) {
  const { say } = session;
  const [roles, setRoles] = useState("");
  const [claims, setClaims] = useState("");
  const [purpose, setPurpose] = useState("");
  const [done, setDone] = useState<string[]>([]);
  const { busy, failed, ask } = useAsk(session);
  useEffect(() => {
    void ask({ do: "status" }).then((answer) => {
      const asks = answer?.reply.asks;
      if (!asks) return;
      setRoles(asks.roles.join("\n"));
      setClaims(asks.claims.join("\n"));
      setPurpose(asks.purpose);
    });
  }, []);
  const send = async () => {
    setDone([]);
    const answer = await ask({ do: "ask_for", roles: lines(roles), claims: lines(claims), purpose: purpose.trim() });
    if (answer) setDone([say("page-saved")]);
  };
  return (
    <Sheet session={session} title={say("page-question")} lead={say("page-question.next")}>
      <Form send={() => void send()} label={say("page-save")} busy={busy}>
        <Field label={say("page-roles")} hint={say("page-roles.next")} value={roles} set={setRoles} rows={4} code required={false} />
        <Field label={say("page-claims")} hint={say("page-claims.next")} value={claims} set={setClaims} rows={3} code required={false} />
        <Field label={say("page-purpose")} hint={say("page-purpose.next")} value={purpose} set={setPurpose} />
      </Form>
      <Refusal failed={failed} />
      <Done lines={done} />
    </Sheet>
  );
}

function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

/** Each language in its own words, for those who cannot read the one that is chosen. */
const LANGUAGES = [
  ["en", "English"],
  ["fr", "Français"],
  ["de", "Deutsch"],
  ["ar", "العربية"],
] as const;

export function Languages({ session }: Props) {
  return (
    <Sheet session={session} title={session.say("page-language")}>
      <LanguageButtons session={session} />
    </Sheet>
  );
}

export function LanguageButtons({ session }: Props) {
  const now = session.frame?.lang.split("-")[0];
  return (
    <div class="buttons languages" role="group" aria-label={session.say("page-language")}>
      {LANGUAGES.map(([tag, name]) => (
        <button key={tag} type="button" lang={tag} aria-pressed={now === tag} onClick={() => void session.choose(tag)}>
          {name}
        </button>
      ))}
    </div>
  );
}
