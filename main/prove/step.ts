/** One step of the probe program, as it is asked for and answered. The program only tries; what an answer means is decided in the lines. */

export type Step = [op: "see" | "names" | "search" | "end" | "create" | "write" | "may" | "flags" | "tcp" | "udp" | "unix" | "inject" | "namespace" | "call" | "segment", one?: string, two?: string];

export interface Answer {
  /** 0 where it worked. */
  errno: number;
  text: string;
}

export const notFound = 2, notPermitted = 1, noSuchProcess = 3, noSuchCall = 38;

const names: { [errno: number]: string } = {
  0: "it worked", 1: "not permitted", 2: "not there", 3: "no such process", 5: "refused by the kernel itself", 9: "reached the kernel", 13: "access denied", 14: "reached the kernel", 20: "not there", 22: "reached the kernel",
  28: "refused: no more allowed", 30: "read-only", 38: "no such call", 95: "reached the kernel", 101: "no route", 110: "no answer", 111: "nobody listens there", 113: "no route",
};
export const inWords = (answer: Answer | undefined): string => (answer === undefined ? "no answer" : (names[answer.errno] ?? `error ${answer.errno}`));

const measured = (text: string): Buffer => {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(bytes.length);
  return Buffer.concat([head, bytes]);
};

/** Steps as the launcher's program reads a plan: strings with their length, each ended by a NUL, the whole with its length before. */
export function packSteps(steps: readonly Step[]): Buffer {
  const body = Buffer.concat(steps.flatMap(([op, one = "", two = ""]) => [op, one, two].flatMap((word) => [measured(word), Buffer.alloc(1)])));
  const head = Buffer.alloc(4);
  head.writeUInt32LE(body.length);
  return Buffer.concat([head, body]);
}

export interface Answers {
  /** Whether the program began, and went to its end. */
  whole: boolean;
  at(index: number): Answer | undefined;
}

/** A step that was killed, or whose line is missing, has no answer. */
export function readAnswers(said: string, steps: number): Answers {
  const lines = said.split("\n");
  const found = new Map<number, Answer>();
  for (const line of lines) {
    const [, index, errno, text] = /^(\d+) (\d+) (.*)$/s.exec(line) ?? [];
    if (index !== undefined) found.set(Number(index), { errno: Number(errno), text: (text ?? "").replaceAll("\t", "\n") });
  }
  return { whole: lines[0] === "STARTED" && lines.includes(`DONE ${steps}`), at: (index) => found.get(index) };
}
