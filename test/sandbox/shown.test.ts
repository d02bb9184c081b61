/** Granted folders seen through an overlay: fresh after a refresh, and no way to a socket or FIFO of the host. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, readSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { Sandbox } from "../../main/sandbox/sandbox.ts";
import { folder as mount, openBox, scratch, shell, specOf } from "./box.ts";

let box: Sandbox;
beforeAll(async () => {
  box = await openBox();
}, 60_000);
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

test("what the person saves anew is seen inside after a refresh, in a folder for reading and in one for editing", async () => {
  for (const access of ["read", "edit"] as const) {
    const [folder, layer] = [scratch(), scratch()];
    for (const name of ["saved", "removed"]) writeFileSync(join(folder, name), "old\n");
    const launched = await box.launch(shell(`cd ${folder}; cat saved removed new 2>/dev/null; echo looked; read go; cat saved removed new 2>/dev/null; true`, { folders: [mount(folder, access, access === "edit" ? layer : undefined)] }), { kind: "piped" });
    if (!launched.ok) throw new Error(launched.problem.message);
    let said = "";
    launched.value.streams?.stdout.on("data", (bytes: Buffer) => (said += bytes));
    while (!said.includes("looked")) await pause(5);
    writeFileSync(join(folder, "beside"), "anew\n");
    renameSync(join(folder, "beside"), join(folder, "saved"));
    rmSync(join(folder, "removed"));
    writeFileSync(join(folder, "new"), "more\n");
    await launched.value.refresh();
    launched.value.streams?.stdin.end("go\n");
    expect([await launched.value.exited, said]).toEqual([{ code: 0 }, "old\nold\nlooked\nanew\nmore\n"]);
  }
});

test("a socket, a FIFO and a socket made later in a granted folder of the host are nobody's inside", async () => {
  for (const access of ["read", "edit"] as const) {
    const [folder, layer] = [scratch(), scratch()];
    let accepted = 0;
    const listen = (name: string): ReturnType<typeof createServer> => createServer((socket) => { accepted++; socket.destroy(); }).listen(join(folder, name));
    const servers = [listen("before")];
    await once(servers[0] as NodeJS.EventEmitter, "listening");
    execFileSync("/usr/bin/mkfifo", [join(folder, "pipe")]);
    const reader = openSync(join(folder, "pipe"), constants.O_RDONLY | constants.O_NONBLOCK);
    const code = "import socket,sys,os\nprint('STARTED', flush=True)\nsys.stdin.readline()\nfor n in ('before','later'):\n  s=socket.socket(socket.AF_UNIX)\n  try: s.connect(n); print('reached', n)\n  except OSError as e: print(n, e.errno)\ntry: os.write(os.open('pipe', os.O_WRONLY|os.O_NONBLOCK), b'canary'); print('wrote')\nexcept OSError as e: print('pipe', e.errno)";
    const launched = await box.launch(specOf({ command: ["python3", "-c", code], folders: [mount(folder, access, access === "edit" ? layer : undefined)] }), { kind: "piped" });
    if (!launched.ok) throw new Error(launched.problem.message);
    let said = "";
    launched.value.streams?.stdout.on("data", (bytes: Buffer) => (said += bytes));
    while (!said.includes("STARTED")) await pause(5);
    servers.push(listen("later"));
    await once(servers[1] as NodeJS.EventEmitter, "listening");
    await launched.value.refresh();
    launched.value.streams?.stdin.end("go\n");
    await launched.value.exited;
    const outside = execFileSync("/usr/bin/python3", ["-c", "import socket\nfor n in ('before','later'):\n  s=socket.socket(socket.AF_UNIX); s.connect(n); print('reached', n)"], { cwd: folder, encoding: "utf8" });
    await pause(20);
    const bytes = Buffer.alloc(16);
    expect([said, accepted, outside, readSync(reader, bytes)]).toEqual(["STARTED\nbefore 111\nlater 111\npipe 6\n", 2, "reached before\nreached later\n", 0]);
    closeSync(reader);
    for (const server of servers) server.close();
  }
});
