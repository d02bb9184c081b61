/** What a line of the proof is made of: steps for inside, steps for the control, and one pure judgement over both. */
import type { ProofLineId } from "../../protocol/proof.ts";
import { notFound, notPermitted, noSuchCall, type Answer, type Step } from "./step.ts";

type Given = readonly (Answer | undefined)[];

export interface Judgement {
  /** Nothing inside got through. */
  held: boolean;
  /** Every control outside got through. */
  reached: boolean;
  inside: string;
  control: string;
}

export interface Line {
  id: ProofLineId;
  subject: string;
  /** One or two words for the title: what is said where it holds, and where it does not. */
  holds: string;
  fails: string;
  tried: string;
  inside: Step[];
  control: Step[];
  judge(inside: Given, control: Given): Judgement;
}

export const all = (answers: Given, fits: (answer: Answer) => boolean): boolean => answers.length > 0 && answers.every((answer) => answer !== undefined && fits(answer));

/** Entries of a listing, without the empty ones. */
export const entries = (answer: Answer | undefined): string[] => (answer?.text ?? "").split("/").filter((name) => name !== "");

export const few = (names: readonly string[]): string => (names.length === 0 ? "nothing" : names.length > 8 ? `${names.slice(0, 8).join(", ")} and ${names.length - 8} more` : names.join(", "));

/** Whether one of ours, planted outside, is there: by its bytes where it is a file. */
const there = (answer: Answer | undefined): boolean => answer !== undefined && answer.errno !== notFound && answer.errno !== 20;

/** Paths that exist outside and must not exist inside. */
export function absence(paths: readonly string[]): Pick<Line, "inside" | "control" | "judge"> {
  const steps = paths.map((path): Step => ["see", path]);
  return {
    inside: steps, control: steps,
    judge(inside, control) {
      const seen = paths.filter((_, index) => inside[index] === undefined || there(inside[index]));
      const missed = paths.filter((_, index) => control[index]?.errno !== 0);
      return {
        held: paths.length > 0 && seen.length === 0, reached: paths.length > 0 && missed.length === 0,
        inside: seen.length === 0 ? `none of the ${paths.length} is there` : `there: ${few(seen)}`,
        control: missed.length === 0 ? `all ${paths.length} opened` : `not opened: ${few(missed)}`,
      };
    },
  };
}

/** Kernel calls that the filter refuses. Outside each reaches the kernel, which answers something else than EPERM; a call that this kernel does not have shows nothing. */
export function refusedCalls(names: readonly string[]): Pick<Line, "inside" | "control" | "judge"> {
  const steps = names.map((name): Step => ["call", name]);
  return {
    inside: steps, control: steps,
    judge(inside, control) {
      const here = names.map((_, index) => index).filter((index) => control[index]?.errno !== noSuchCall);
      const passed = here.filter((index) => inside[index]?.errno !== notPermitted && inside[index]?.errno !== noSuchCall);
      const missed = here.filter((index) => control[index] === undefined || control[index].errno === notPermitted);
      const named = (indexes: number[]): string => few(indexes.map((index) => names[index] ?? ""));
      return {
        held: passed.length === 0, reached: here.length > 0 && missed.length === 0,
        inside: passed.length === 0 ? "every one refused by the filter" : `not refused: ${named(passed)}`,
        control: missed.length === 0 ? `all ${here.length} reach the kernel` : `refused outside too: ${named(missed)}`,
      };
    },
  };
}
