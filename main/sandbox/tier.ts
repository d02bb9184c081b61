/** Which of the two tiers holds the limits here, for the doctor. */
import type { Check } from "../../protocol/api.ts";
import { groupsHere } from "./group.ts";
import { canScope, realMachine, type ScopeMachine } from "./scope.ts";

export function checkLimits(machine: ScopeMachine = realMachine(), groups = groupsHere()): Check {
  const name = "limits";
  if (groups) return { name, ok: true, why: "Tier cgroup: the kernel's control groups hold the totals of memory and processes." };
  if (canScope(machine)) return { name, ok: true, why: "Tier cgroup: systemd's user manager makes a scope for each sandbox." };
  const why = "Tier rlimit: limits per process, and a look of our own at the totals at least every 100 ms.";
  if (machine.uid !== 0) return { name, ok: true, why };
  return { name, ok: false, why: `${why} The kernel does not hold root to a number of processes: only the look does.`, mend: "Start Bulkhead as a plain user, or where control groups can be written." };
}
