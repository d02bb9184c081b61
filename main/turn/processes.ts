/** Observes the sandbox's process tree from the host. It looks every 100 ms: a process that lives shorter may be missed. */
import type { EventDraft } from "../../protocol/event.ts";

type ProcessDraft = Omit<Extract<EventDraft, { kind: "process.started" | "process.ended" }>, "conversation" | "turn">;

export function watchProcesses(
  box: { processes(): Promise<{ pid: number; command: string }[]> },
  record: (draft: ProcessDraft) => void,
): { stop(): Promise<void> } {
  let known = new Map<number, string>();
  let first = true;
  let looking: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    const found = new Map((await box.processes().catch(() => [])).map((process) => [process.pid, process.command]));
    const draft = (kind: "process.started" | "process.ended", pid: number, command: string): ProcessDraft =>
      ({ kind, actor: "agent", evidence: "observed", outcome: "done", detail: { pid, command: command.slice(0, 500) } });
    // The sandbox's own init and the agent are told by sandbox.started.
    if (!first) for (const [pid, command] of found) if (known.get(pid) !== command) record(draft("process.started", pid, command));
    for (const [pid, command] of known) if (!found.has(pid)) record(draft("process.ended", pid, command));
    known = found;
    first = false;
  };
  const timer = setInterval(() => void (looking = looking.then(look)), 100);
  looking = look();
  return {
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}
