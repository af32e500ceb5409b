/** The whole page: the line that stays, the view, and the counts of the shift with the menu. */

import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import type { Frame } from "../contract.ts";
import type { StartProblem } from "../protocol.ts";
import type { Page } from "../session.ts";
import { Checkpoint } from "./checkpoint.tsx";
import { Flags, Log } from "./log.tsx";
import type { Props } from "./parts.tsx";
import { Languages, Question } from "./question.tsx";
import { Create, Recovery, SetUp } from "./setup.tsx";
import { LevelShape } from "./shape.tsx";
import { Status } from "./status.tsx";
import { Synchronise } from "./sync.tsx";

/** The states in which the verdict has the whole screen. */
const FULL: Frame["kind"][] = ["verdict", "trapped"];

export function App({ session }: Props) {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => session.subscribe(() => draw(undefined)), [session]);
  const { frame, problem } = session;
  if (problem) return <Problem session={session} problem={problem} />;
  if (!frame || !session.hasWords) return <Starting session={session} />;
  const isFull = session.page === "checkpoint" && FULL.includes(frame.kind);
  return (
    <div class={`page stage-${frame.stage} ${isFull ? `full tone-${frame.tone}` : ""}`}>
      <header>
        {frame.stage !== "new" && <Banner session={session} frame={frame} />}
        {!isFull && <Lines session={session} frame={frame} />}
      </header>
      <View session={session} frame={frame} />
      {frame.stage === "open" && session.recovery === undefined && <Foot session={session} frame={frame} hasMenu={!isFull} />}
    </div>
  );
}

function View({ session, frame }: Props & { frame: Frame }) {
  if (session.recovery !== undefined) return <Recovery session={session} code={session.recovery} />;
  if (frame.stage === "new") return <Create session={session} />;
  if (frame.stage === "locked") return <Checkpoint session={session} frame={frame} />;
  switch (session.page) {
    case "checkpoint":
      return <Checkpoint session={session} frame={frame} />;
    case "status":
      return <Status session={session} />;
    case "log":
      return <Log session={session} />;
    case "flags":
      return <Flags session={session} />;
    case "sync":
      return <Synchronise session={session} />;
    case "question":
      return <Question session={session} />;
    case "setup":
      return <SetUp session={session} />;
    case "language":
      return <Languages session={session} />;
  }
}

/** The age of the data. It stays on every view. */
function Banner({ session, frame }: Props & { frame: Frame }) {
  const { tone, messages } = frame.banner;
  return (
    <section class={`banner tone-${tone}`} aria-label={session.say("page-banner")}>
      {frame.gate && (
        <p class="gate">
          <strong>{frame.gate.name}</strong> <span>{[frame.gate.site, frame.gate.zone].filter(Boolean).join(" · ")}</span>
        </p>
      )}
      <p class="age">
        {tone !== "plain" && <LevelShape level={tone} />}
        <span>{messages.join(" · ")}</span>
      </p>
    </section>
  );
}

/** The browser's word about itself. That it may delete the data is said where a person can do something about it. */
function Lines({ session, frame }: Props & { frame: Frame }) {
  const { say } = session;
  const isWarned = frame.stage === "new" || session.page === "status" || session.page === "setup";
  return (
    <div class="lines">
      {session.offersUpdate && (
        <p>
          <span>
            <strong>{say("page-update")}</strong> {say("page-update.next")}
          </span>
          <button type="button" onClick={() => session.update.take()}>
            {say("page-update-do")}
          </button>
        </p>
      )}
      {frame.stage === "new" && session.isGone && (
        <p role="alert">
          <span>
            <strong>{say("page-gone")}</strong> {say("page-gone.next")}
          </span>
        </p>
      )}
      {!session.isKept && isWarned && (
        <p>
          <span>
            <strong>{say("page-not-kept")}</strong> {say("page-not-kept.next")}
          </span>
        </p>
      )}
    </div>
  );
}

const PAGES: Page[] = ["checkpoint", "status", "log", "flags", "sync", "question", "setup", "language"];

const TITLES: { [page in Page]: string } = {
  checkpoint: "page-checkpoint",
  status: "page-status",
  log: "page-log",
  flags: "page-flags",
  sync: "page-sync",
  question: "page-question",
  setup: "page-set-up",
  language: "page-language",
};

function Foot({ session, frame, hasMenu }: Props & { frame: Frame; hasMenu: boolean }) {
  const [isOpen, setOpen] = useState(false);
  const menu = useRef<HTMLElement>(null);
  const { say } = session;
  useEffect(() => {
    if (isOpen) menu.current?.scrollIntoView({ block: "end" });
  }, [isOpen]);
  const go = (page: Page) => {
    setOpen(false);
    session.go(page);
  };
  return (
    <footer class="foot">
      <p class="shift">{frame.shift}</p>
      {hasMenu && (
        <button type="button" class="quiet" aria-expanded={isOpen} aria-controls="menu" onClick={() => setOpen(!isOpen)}>
          {say("page-menu")}
        </button>
      )}
      {hasMenu && (
        <nav id="menu" ref={menu} hidden={!isOpen} aria-label={say("page-menu")}>
          {PAGES.map((page) => (
            <button key={page} type="button" aria-current={session.page === page ? "page" : undefined} onClick={() => go(page)}>
              {say(TITLES[page])}
            </button>
          ))}
          <button type="button" onClick={() => void session.lock()}>
            {say("page-lock")}
          </button>
        </nav>
      )}
    </footer>
  );
}

function Starting({ session }: Props) {
  return (
    <main class="sheet boot">
      <h1>{session.say("page-boot-starting")}</h1>
    </main>
  );
}

/** There is no engine. The words for that are part of the page. */
function Problem({ session, problem }: Props & { problem: StartProblem }) {
  const { say } = session;
  return (
    <main class="sheet boot">
      <div role="alert">
        <h1>
          <LevelShape level="grey" /> {say(`page-boot-${problem}`)}
        </h1>
        <p class="lead">{say(`page-boot-${problem}.next`)}</p>
      </div>
      <p class="buttons">
        <button type="button" class="first" onClick={() => session.retry()}>
          {say("page-boot-retry")}
        </button>
      </p>
    </main>
  );
}
