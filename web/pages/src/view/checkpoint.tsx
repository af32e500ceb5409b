/** The checkpoint: what the engine's frame says, and nothing that it does not say. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Action, Frame, Key } from "../contract.ts";
import type { Session } from "../session.ts";
import { CameraPicture } from "./camera.tsx";
import { Codes } from "./code.tsx";
import { Field, Form, type Props, Said } from "./parts.tsx";
import { Unlock } from "./unlock.tsx";
import { Verdict } from "./verdict.tsx";

const SCANNING: Frame["kind"][] = ["ready", "not_ready", "gathering"];
const KEYS: { [key in Key]: string } = { enter: "Enter", escape: "Esc", confirm: "C", turn_away: "T", sync: "S" };
const SHORTCUTS: { [key in Key]: string } = { ...KEYS, escape: "Escape" };

export function Checkpoint({ session, frame }: Props & { frame: Frame }) {
  const root = useRef<HTMLElement>(null);
  const showing = frame.kind === "verdict" ? `${session.verdicts}` : frame.title;
  useEffect(() => {
    root.current?.querySelector<HTMLElement>(`[data-focus="${frame.focus}"], [data-focus="title"]`)?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [frame.kind, frame.focus, showing]);
  return (
    <main ref={root} class={`checkpoint kind-${frame.kind} tone-${frame.tone}`}>
      <Body session={session} frame={frame} showing={showing} />
      <div class="notice" role="status">
        {frame.notice && <p>{frame.notice}</p>}
      </div>
      {frame.kind !== "locked" && <Actions session={session} actions={frame.actions} />}
    </main>
  );
}

function Body({ session, frame, showing }: Props & { frame: Frame; showing: string }) {
  switch (frame.kind) {
    case "verdict":
      return frame.verdict ? <Verdict key={showing} session={session} frame={frame} verdict={frame.verdict} /> : <Title frame={frame} />;
    case "confirming":
      return <Confirm key={frame.title} session={session} frame={frame} />;
    case "locked":
      return <Unlock session={session} frame={frame} />;
    default:
      return <Waiting session={session} frame={frame} />;
  }
}

/** Shows what the frame says. The focus goes there when nothing else takes it. */
function Title({ frame }: { frame: Frame }) {
  return (
    <div class="said">
      <Said frame={frame} focus />
    </div>
  );
}

function Waiting({ session, frame }: Props & { frame: Frame }) {
  const isEmpty = frame.kind === "not_ready" && frame.banner.tone === "grey";
  return (
    <div class="waiting">
      {frame.question && (
        <div class="question" tabIndex={-1} data-focus="question" role="group" aria-label={frame.title}>
          <Codes codes={frame.question} label={session.say("page-question-code")} />
        </div>
      )}
      <div class="side">
        <Title frame={frame} />
        {isEmpty && session.sync.hasLink === false && (
          <p class="advice">
            <strong>{session.say("page-first-link")}</strong> {session.say("page-first-link.next")}
          </p>
        )}
        {isEmpty && (
          <p class="buttons">
            <button type="button" onClick={() => session.go("setup")}>
              {session.say("page-set-up")}
            </button>
          </p>
        )}
        {SCANNING.includes(frame.kind) && <CameraPicture session={session} />}
      </div>
    </div>
  );
}

/** One field of the form about an amber verdict. The verdict it is about stays in sight. */
function Confirm({ session, frame }: Props & { frame: Frame }) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLDivElement>(null);
  useEffect(() => field.current?.querySelector("input")?.focus(), []);
  const send = async () => {
    if (!text.trim()) return;
    setBusy(true);
    await session.call({ do: "typed", text: text.trim() });
    setBusy(false);
  };
  return (
    <div class="confirm" ref={field}>
      <Said frame={frame} />
      <Form send={() => void send()} label={session.say("page-continue")} busy={busy}>
        <Field label={frame.title} isTitled value={text} set={setText} focus />
      </Form>
      {frame.verdict && (
        <p class="about">
          {frame.verdict.word}
          {frame.verdict.headline && ` · ${frame.verdict.headline}`}
          {frame.verdict.who[0] && ` · ${frame.verdict.who[0].value}`}
        </p>
      )}
    </div>
  );
}

function Actions({ session, actions }: { session: Session; actions: Action[] }) {
  if (actions.length === 0) return null;
  return (
    <div class="actions buttons" role="group" aria-label={session.say("page-actions")}>
      {actions.map((action, at) => (
        <button key={action.key} type="button" class={at === 0 ? "first" : ""} aria-keyshortcuts={SHORTCUTS[action.key]} onClick={() => session.key(action.key)}>
          {action.label} <kbd>{KEYS[action.key]}</kbd>
        </button>
      ))}
    </div>
  );
}
