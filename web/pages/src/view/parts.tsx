/** Small parts that several views use. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Answer, Fact, Failed, Frame, Request } from "../contract.ts";
import type { Session } from "../session.ts";
import { Shape } from "./shape.tsx";

export interface Props {
  session: Session;
}

interface FieldProps {
  label: string;
  value: string;
  set(value: string): void;
  hint?: string | undefined;
  secret?: boolean;
  code?: boolean;
  rows?: number;
  focus?: boolean;
  /** The heading above shows the same words. */
  isTitled?: boolean;
  required?: boolean;
}

/** A labelled text field. A code is written in letters of equal width and never corrected. */
export function Field({ label, value, set, hint, secret, code, rows, focus, isTitled, required = true }: FieldProps) {
  const id = useId();
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  useEffect(() => {
    if (focus) field.current?.focus();
  }, [focus]);
  const shared = {
    id,
    ref: field,
    value,
    required,
    class: code ? "code" : "",
    autocomplete: "off" as const,
    autocapitalize: code || secret ? ("none" as const) : ("sentences" as const),
    spellcheck: false,
    "aria-describedby": hint ? `${id}-hint` : undefined,
    onInput: (event: { currentTarget: { value: string } }) => set(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id} class={isTitled ? "unseen" : ""}>
        {label}
      </label>
      {rows ? (
        <textarea {...shared} rows={rows} />
      ) : secret ? (
        <input {...shared} type="password" />
      ) : (
        <input {...shared} type="text" />
      )}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface FileProps {
  label: string;
  accept?: string;
  take(bytes: Uint8Array, name: string): void;
}

/** A button that takes a file. The same file can be taken twice. */
export function FileField({ label, accept, take }: FileProps) {
  const id = useId();
  const chosen = async (event: { currentTarget: HTMLInputElement }) => {
    const input = event.currentTarget;
    const file = input.files?.[0];
    if (file) take(new Uint8Array(await file.arrayBuffer()), file.name);
    input.value = "";
  };
  return (
    <div class="file">
      <input id={id} type="file" accept={accept} onChange={chosen} />
      <label for={id}>{label}</label>
    </div>
  );
}

/** A page next to the checkpoint: a heading, which takes the focus, and the way back. */
export function Sheet({ session, title, lead, children }: Props & { title: string; lead?: string | undefined; children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [title]);
  return (
    <main class="sheet">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {lead && <p class="lead">{lead}</p>}
      {children}
      {session.frame?.stage === "open" && session.recovery === undefined && (
        <p class="buttons">
          <button type="button" class="quiet" onClick={() => session.go("checkpoint")}>
            {session.say("page-back")} <kbd>Esc</kbd>
          </button>
        </p>
      )}
    </main>
  );
}

export function Facts({ facts }: { facts: Fact[] }) {
  return (
    <dl class="facts">
      {facts.map((fact) => (
        <div key={fact.label}>
          <dt>{fact.label}</dt>
          <dd>{fact.value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The title of a frame with its shape, and what to do. With `focus` the title can take it. */
export function Said({ frame, focus = false }: { frame: Frame; focus?: boolean }) {
  return (
    <>
      <div class="word">
        <Shape name={frame.shape} />
        <h1 {...(focus && { tabIndex: -1, "data-focus": "title" })}>{frame.title}</h1>
      </div>
      {frame.advice.map((advice) => (
        <p key={advice} class="advice">
          {advice}
        </p>
      ))}
    </>
  );
}

/** A refusal, read out at once. */
export function Refusal({ failed }: { failed: Failed | undefined }) {
  return (
    <div role="alert">
      {failed && (
        <div class="refusal">
          <p>
            <strong>{failed.what}</strong>
          </p>
          <p>{failed.next}</p>
          {failed.detail && (
            <p class="hint" lang="en" dir="ltr">
              {failed.detail}
            </p>
          )}
        </div>
      )}
    </div>
  );
}

export function Done({ lines }: { lines: string[] }) {
  return (
    <div role="status">
      {lines.length > 0 && (
        <div class="done">
          {lines.map((line) => (
            <p key={line}>{line}</p>
          ))}
        </div>
      )}
    </div>
  );
}

interface Asking {
  busy: boolean;
  failed: Failed | undefined;
  /** Returns the answer, or `undefined` if the request was refused or not answered. */
  ask(request: Request, bytes?: Uint8Array): Promise<Answer | undefined>;
  refuse(failed: Failed | undefined): void;
}

/** One request at a time, with its refusal. */
export function useAsk(session: Session): Asking {
  const [busy, setBusy] = useState(false);
  const [failed, refuse] = useState<Failed>();
  const ask = async (request: Request, bytes?: Uint8Array) => {
    setBusy(true);
    refuse(undefined);
    const answer = await session.call(request, bytes);
    setBusy(false);
    if (!answer) {
      refuse({ what: session.say("page-no-answer"), next: session.say("page-no-answer.next") });
      return undefined;
    }
    refuse(answer.reply.failed);
    return answer.reply.failed ? undefined : answer;
  };
  return { busy, failed, ask, refuse };
}

interface FormProps {
  send(): void;
  label: string;
  busy: boolean;
  children?: ComponentChildren;
  more?: ComponentChildren;
}

/** A form with one button. The browser never sends it anywhere. */
export function Form({ send, label, busy, children, more }: FormProps) {
  const submit = (event: Event) => {
    event.preventDefault();
    if (!busy) send();
  };
  return (
    <form onSubmit={submit} aria-busy={busy}>
      {children}
      <p class="buttons">
        <button type="submit" class="first" aria-disabled={busy}>
          {label}
        </button>
        {more}
      </p>
    </form>
  );
}

/** A form that a person signs with their name. */
export function Signed({ session, label, send }: Props & { label: string; send(by: string): Promise<unknown> }) {
  const [by, setBy] = useState("");
  const [busy, setBusy] = useState(false);
  const sign = async () => {
    setBusy(true);
    await send(by.trim());
    setBusy(false);
  };
  return (
    <Form send={() => void sign()} label={label} busy={busy}>
      <Field label={session.say("page-your-name")} value={by} set={setBy} />
    </Form>
  );
}

/** Hands a file to the person. */
export function save(bytes: Uint8Array, name: string): void {
  const address = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  [link.href, link.download] = [address, name];
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
