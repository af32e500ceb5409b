/** The log of the gate, newest first, and the admissions that a newer list denies. */

import { useEffect, useState } from "preact/hooks";
import type { Flag, LogRecord } from "../contract.ts";
import { Done, type Props, Refusal, Sheet, Signed, useAsk } from "./parts.tsx";
import { LevelShape } from "./shape.tsx";

const PAGE = 20;

export function Log({ session }: Props) {
  const { say } = session;
  const [records, setRecords] = useState<LogRecord[]>([]);
  const [isWhole, setWhole] = useState(false);
  const { busy, failed, ask } = useAsk(session);
  const load = async (known: LogRecord[]) => {
    const last = known.at(-1);
    const more = (await ask(last ? { do: "log", before: last.seq, count: PAGE } : { do: "log", count: PAGE }))?.reply.records;
    if (!more) return;
    setRecords([...known, ...more]);
    setWhole(more.length < PAGE);
  };
  useEffect(() => void load([]), [session.words]);
  return (
    <Sheet session={session} title={say("page-log")}>
      <Refusal failed={failed} />
      {isWhole && records.length === 0 && <p>{say("page-log-empty")}</p>}
      <ol class="records">
        {records.map((record) => (
          <li key={record.seq} class={record.level ? `level-${record.level}` : ""}>
            {record.level && <LevelShape level={record.level} />}
            <div>
              <p class="line">{record.line}</p>
              <p class="hint">
                {record.at} · <span dir="ltr">#{record.seq}</span>
                {record.flagged && <strong class="mark">{say("page-flagged")}</strong>}
              </p>
            </div>
          </li>
        ))}
      </ol>
      {!isWhole && records.length > 0 && (
        <p class="buttons">
          <button type="button" aria-disabled={busy} onClick={() => !busy && void load(records)}>
            {say("page-log-more")}
          </button>
        </p>
      )}
    </Sheet>
  );
}

export function Flags({ session }: Props) {
  const { say } = session;
  const [flags, setFlags] = useState<Flag[]>();
  const { failed, ask } = useAsk(session);
  const load = async () => setFlags((await ask({ do: "flags" }))?.reply.flags);
  useEffect(() => void load(), [session.words]);
  const acknowledge = (seq: number) => async (by: string) => {
    if (await ask({ do: "acknowledge_flag", seq, by })) await load();
  };
  return (
    <Sheet session={session} title={say("page-flags")} lead={say("page-flags.next")}>
      <Refusal failed={failed} />
      {flags && <Done lines={flags.length === 0 ? [say("page-flags-empty")] : []} />}
      <ol class="records">
        {flags?.map((flag) => (
          <li key={flag.seq}>
            <div>
              <p class="line">{flag.line}</p>
              {flag.answer ? (
                <p class="hint">{flag.answer}</p>
              ) : (
                <Signed session={session} label={say("page-acknowledge")} send={acknowledge(flag.seq)} />
              )}
            </div>
          </li>
        ))}
      </ol>
    </Sheet>
  );
}
