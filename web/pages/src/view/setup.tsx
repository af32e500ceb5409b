/** The set-up of a gate: a vault, its recovery code, the site to trust, and the enrolment at the office. */

import { useEffect, useState } from "preact/hooks";
import type { Answer } from "../contract.ts";
import { Codes } from "./code.tsx";
import { LanguageButtons } from "./question.tsx";
import { Done, Field, FileField, Form, type Props, Refusal, save, Sheet, useAsk } from "./parts.tsx";

/** The first step: names, and a pass phrase typed twice. */
export function Create({ session }: Props) {
  const { say } = session;
  const [name, setName] = useState("");
  const [site, setSite] = useState("");
  const [zone, setZone] = useState("");
  const [phrase, setPhrase] = useState("");
  const [again, setAgain] = useState("");
  const { busy, failed, ask, refuse } = useAsk(session);
  const send = async () => {
    if (phrase !== again) {
      refuse({ what: say("page-phrase-differs"), next: say("page-phrase-differs.next") });
      return;
    }
    await ask({ do: "create", name: name.trim(), site: site.trim(), zone: zone.trim(), phrase });
  };
  return (
    <Sheet session={session} title={say("page-new")} lead={say("page-new.next")}>
      <Form send={() => void send()} label={say(busy ? "page-working" : "page-create")} busy={busy}>
        <Field label={say("page-name")} hint={say("page-name.next")} value={name} set={setName} />
        <Field label={say("page-site")} hint={say("page-site.next")} value={site} set={setSite} code />
        <Field label={say("page-zone")} hint={say("page-zone.next")} value={zone} set={setZone} code />
        <Field label={say("page-phrase")} hint={say("page-phrase.next")} value={phrase} set={setPhrase} secret />
        <Field label={say("page-phrase-again")} value={again} set={setAgain} secret />
      </Form>
      <Refusal failed={failed} />
      <LanguageButtons session={session} />
    </Sheet>
  );
}

/** The recovery code. It is shown this once. */
export function Recovery({ session, code }: Props & { code: string }) {
  const { say } = session;
  const written = () => {
    session.recovery = undefined;
    session.go("setup");
  };
  return (
    <Sheet session={session} title={say("page-recovery")} lead={say("page-recovery.next")}>
      <p class="recovery code" dir="ltr">
        {code}
      </p>
      <p class="buttons">
        <button type="button" class="first" onClick={written}>
          {say("page-written")}
        </button>
      </p>
    </Sheet>
  );
}

/** The site to trust, and the enrolment. Both can be done again: a gate moves, and an enrolment ends. */
export function SetUp({ session }: Props) {
  const { say } = session;
  const { gate } = session.frame ?? {};
  return (
    <Sheet session={session} title={say("page-set-up")} lead={gate && `${gate.name} · ${gate.site} · ${gate.zone}`}>
      <Pin session={session} />
      <Enrolment session={session} />
    </Sheet>
  );
}

function Pin({ session }: Props) {
  const { say } = session;
  const [number, setNumber] = useState("");
  const [file, setFile] = useState<{ bytes: Uint8Array; name: string }>();
  const [done, setDone] = useState<string[]>([]);
  const { busy, failed, ask, refuse } = useAsk(session);
  const send = async () => {
    setDone([]);
    if (!file) {
      refuse({ what: say("page-no-file"), next: say("page-pin.next") });
      return;
    }
    // The bytes are moved to the engine, so it gets a copy: a wrong number can be typed again.
    const answer = await ask({ do: "pin", number: number.trim() }, file.bytes.slice());
    if (!answer) return;
    setDone([say("page-pinned")]);
    setNumber("");
  };
  return (
    <section>
      <h2>{say("page-pin")}</h2>
      <p>{say("page-pin.next")}</p>
      <FileField label={say("page-file")} take={(bytes, name) => setFile({ bytes, name })} />
      {file && <p class="hint">{file.name}</p>}
      <Form send={() => void send()} label={say("page-pin-do")} busy={busy}>
        <Field label={say("page-number")} hint={say("page-number.next")} value={number} set={setNumber} code rows={2} />
      </Form>
      <Refusal failed={failed} />
      <Done lines={done} />
    </section>
  );
}

function Enrolment({ session }: Props) {
  const { say } = session;
  const [answer, setAnswer] = useState<Answer>();
  const { failed, ask } = useAsk(session);
  useEffect(() => {
    void ask({ do: "enrolment" }).then(setAnswer);
  }, []);
  const enrolment = answer?.reply.enrolment;
  const bytes = answer?.bytes;
  return (
    <section>
      <h2>{say("page-enrolment")}</h2>
      <p>{say("page-enrolment.next")}</p>
      {enrolment && <Codes codes={enrolment.codes} label={say("page-enrolment-code")} />}
      {enrolment && bytes && (
        <p class="buttons">
          <button type="button" onClick={() => save(bytes, enrolment.file)}>
            {say("page-save-file")}
          </button>
          <button type="button" onClick={() => session.go("sync")}>
            {say("page-sync")}
          </button>
        </p>
      )}
      <Refusal failed={failed} />
    </section>
  );
}
