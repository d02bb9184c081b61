/** Commands run in bash, one after another, each starting where the last one ended. The person sees the output live in the terminal. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { z } from "zod";
import { bounded } from "../paths.ts";
import { defineTool, type ToolContext } from "./tool.ts";

const mostOutput = 64 << 10;
const shell = ["/bin/bash", "/usr/bin/bash"].find((path) => existsSync(path)) ?? "/bin/sh";

export const run = defineTool({
  name: "run", kind: "execute",
  description: "Runs a command in bash and returns its output and exit code. The working directory is kept for the next command. seconds: time limit, 120 unless told, at most 600.",
  input: z.object({ command: z.string().min(1), seconds: z.number().positive().max(600).optional() }),
  title: ({ command }) => command.length <= 120 ? command : `${command.slice(0, 119)}…`,
  async run({ command, seconds = 120 }, context) {
    context.print(`\n$ ${command}\n`);
    const end = await execute(command, seconds, context);
    context.signal.throwIfAborted();
    if (end.directory && existsSync(end.directory)) context.shell.directory = end.directory;
    const how = end.late ? `stopped after ${seconds} seconds` : end.code === null ? `ended by ${end.signal ?? "a signal"}` : `exit code ${end.code}`;
    return `${bounded(end.output.trimEnd(), mostOutput)}${end.output.trimEnd() ? "\n" : ""}(${how})`;
  },
});

interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
  directory: string | undefined;
  late: boolean;
}

function execute(command: string, seconds: number, context: ToolContext): Promise<End> {
  // The trap tells the last directory on descriptor 3, also where the command says `exit`.
  const child = spawn(shell, ["-c", `trap 'pwd -P >&3' EXIT\n${command}`], { cwd: existsSync(context.shell.directory) ? context.shell.directory : context.directory, stdio: ["ignore", "pipe", "pipe", "pipe"], detached: true });
  let late = false;
  const kill = (): void => killGroup(child);
  const timer = setTimeout(() => { late = true; kill(); }, seconds * 1000);
  context.signal.addEventListener("abort", kill);
  const output = gather(child, context);
  let directory = "";
  child.stdio[3]?.on("data", (bytes: Buffer) => void (directory = (directory + bytes.toString("utf8")).slice(-8192)));
  return new Promise<End>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      // A program left in the background may hold the pipes open: what came by now is the answer.
      const grace = setTimeout(finish, 200);
      child.once("close", finish);
      function finish(): void {
        clearTimeout(grace);
        for (const stream of child.stdio) stream?.destroy();
        resolve({ code, signal, output: output(), directory: directory.trim().split("\n").at(-1), late });
      }
    });
  }).finally(() => {
    clearTimeout(timer);
    context.signal.removeEventListener("abort", kill);
  });
}

/** Keeps the first and the last part of a long output, so that a flood costs no memory. */
function gather(child: ChildProcess, context: ToolContext): () => string {
  let head = "";
  let tail = "";
  let left = 0;
  const half = mostOutput / 2;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8");
    stream?.on("data", (text: string) => {
      context.print(text);
      const first = text.slice(0, half - head.length);
      head += first;
      tail += text.slice(first.length);
      if (tail.length > 2 * half) {
        left += tail.length - half;
        tail = tail.slice(-half);
      }
    });
  }
  return () => (left > 0 ? `${head}\n[… ${left} characters left out …]\n${tail.slice(-half)}` : head + tail);
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}
