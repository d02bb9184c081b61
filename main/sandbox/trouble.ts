/** A failed launch in words: what was tried, what was found, what to do. Nothing here ever falls back to running without containment. */
import { failed, type Outcome } from "../../protocol/problem.ts";
import { readMachine } from "./machine.ts";
import { obstacle } from "./obstacle.ts";

export interface Failure { step: string; errno: number; text: string }

const names: { [errno: number]: string } = { 1: "not permitted", 2: "not found", 5: "input/output error", 12: "no memory", 13: "access denied", 20: "not a folder", 22: "refused by the kernel", 28: "no space left", 30: "read-only", 38: "not supported by this kernel", 40: "a link in the way", 95: "not supported", 116: "changed since it was granted" };

export function describeFailure(failure: Failure): Outcome<never> {
  const [step = "", ...rest] = failure.step.split(" ");
  const path = rest.join(" ");
  const why = names[failure.errno] ?? `error ${failure.errno}`;
  if (step === "changed") return failed("refused-folder", `${path} is not the folder that was granted any more.`, "Grant it again.");
  if ((step === "overlay" || step === "bind") && failure.errno === 22) return failed("no-containment", `${path} cannot be held in a sandbox: another disk or share is mounted inside it.`, "Grant the folder beside it, or the inner one alone.");
  if (step === "overlay" || step === "staging") return failed("no-containment", `Changes to ${path} cannot be staged (${why}).`, "Use a local disk (ext4, xfs, btrfs) for the folder and for Bulkhead's data.");
  if (step === "open" || step === "attach" || step === "path") return failed("no-containment", `${path} could not be put into the sandbox (${why}).`, "Check that the folder is there and readable, or take the grant back.");
  if (step === "namespaces" || step === "identity" || step === "propagation" || step === "root" || step === "nesting" || step === "bubblewrap" || failure.errno === 38) return failed("no-containment", `The system refuses to confine programs (${step}: ${failure.text || why}).`, mendNamespaces(failure.text || why));
  return failed("no-containment", `The sandbox could not be set up (${failure.step}: ${failure.text || why}).`, "bulkhead doctor");
}

/** The setting of this machine that stands in the way, as the command that changes it; the doctor knows them all. */
function mendNamespaces(said: string): string {
  return obstacle(readMachine(), said)?.mend ?? "Run Bulkhead outside any container or sandbox; `bulkhead doctor` tries again and says what is in the way.";
}
