/** Staged changes in the order in which a person should look at them: what would be lost first. Pure. */
import type { ChangeKind, StagedChange } from "../../../protocol/change.ts";

const order: readonly ChangeKind[] = ["deleted", "edited", "renamed", "created"];

export function inOrder(changes: readonly StagedChange[]): StagedChange[] {
  return [...changes].sort((a, b) => order.indexOf(a.change) - order.indexOf(b.change) || a.path.localeCompare(b.path));
}

export function countKinds(changes: readonly StagedChange[]): { kind: ChangeKind; count: number }[] {
  return order.map((kind) => ({ kind, count: changes.filter((change) => change.change === kind).length })).filter((one) => one.count > 0);
}

/** The longest folder that all changes share; paths are shown below it. */
export function sharedFolder(changes: readonly StagedChange[]): string {
  const [first, ...others] = changes.map((change) => change.path.split("/").slice(0, -1));
  if (!first) return "";
  let length = first.length;
  for (const parts of others) while (length > 0 && first.slice(0, length).some((part, index) => parts[index] !== part)) length--;
  return first.slice(0, length).join("/");
}
