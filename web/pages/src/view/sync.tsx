/** Synchronization: by link, or by a file in each direction. */

import { useState } from "preact/hooks";
import { Done, FileField, type Props, Refusal, save, Sheet, useAsk } from "./parts.tsx";

export function Synchronise({ session }: Props) {
  const { say, sync } = session;
  const [done, setDone] = useState<string[]>([]);
  const { failed, ask, refuse } = useAsk(session);
  const link = async () => {
    setDone([]);
    refuse(undefined);
    const reply = await sync.run().catch(() => undefined);
    refuse(reply?.failed);
    setDone(reply?.synced ?? []);
    session.update.look();
  };
  const take = async (bytes: Uint8Array) => {
    setDone([]);
    const answer = await ask({ do: "take" }, bytes);
    if (answer) setDone(answer.reply.synced ?? [say("page-sync-taken")]);
  };
  const give = async () => {
    setDone([]);
    const answer = await ask({ do: "give" });
    if (!answer?.bytes || !answer.reply.file) return;
    save(answer.bytes, answer.reply.file);
    setDone([say("page-sync-given")]);
  };
  return (
    <Sheet session={session} title={say("page-sync")} lead={say("page-sync.next")}>
      <Refusal failed={failed} />
      <Done lines={sync.isRunning ? [say("page-working")] : done} />
      <section>
        <h2>{say("page-sync-link")}</h2>
        <p>{say("page-sync-link.next")}</p>
        <p class="buttons">
          <button type="button" class="first" aria-disabled={sync.isRunning} onClick={() => !sync.isRunning && void link()}>
            {say("page-sync-now")}
          </button>
        </p>
      </section>
      <section>
        <h2>{say("page-sync-file")}</h2>
        <p>{say("page-sync-file.next")}</p>
        <FileField label={say("page-sync-take")} take={(bytes) => void take(bytes)} />
        <p class="buttons">
          <button type="button" onClick={() => void give()}>
            {say("page-sync-give")}
          </button>
        </p>
      </section>
    </Sheet>
  );
}
