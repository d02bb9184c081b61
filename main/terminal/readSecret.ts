/** A secret's value from standard input: piped as it comes, typed at a terminal without being shown. */
import { emitKeypressEvents, type Key } from "node:readline";

/** The value without its line end; undefined where the person gave up (Ctrl-C, Ctrl-D). */
export async function readSecret(): Promise<string | undefined> {
  if (process.stdin.isTTY) return readTyped(process.stdin);
  let value = "";
  for await (const piece of process.stdin) value += String(piece);
  return value.replace(/\r?\n$/, "");
}

function readTyped(terminal: NodeJS.ReadStream): Promise<string | undefined> {
  emitKeypressEvents(terminal);
  // Before the question: who answers quickly must not be shown either.
  terminal.setRawMode(true);
  process.stderr.write("bulkhead: type the value (it is not shown) and press Enter: ");
  terminal.resume();
  return new Promise((resolve) => {
    let value = "";
    const end = (result: string | undefined): void => {
      terminal.off("keypress", pressed);
      terminal.setRawMode(false);
      terminal.pause();
      process.stderr.write("\n");
      resolve(result);
    };
    const pressed = (text: string | undefined, key: Key): void => {
      if (key.ctrl && (key.name === "c" || key.name === "d")) end(undefined);
      else if (key.name === "return" || key.name === "enter") end(value);
      else if (key.name === "backspace") value = [...value].slice(0, -1).join("");
      else if (key.ctrl && key.name === "u") value = "";
      else if (text !== undefined && !key.ctrl && !key.meta) value += text;
    };
    terminal.on("keypress", pressed);
  });
}
