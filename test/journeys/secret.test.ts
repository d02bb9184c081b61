/** A secret on the command line: kept in a real keyring, never inside, swapped in only towards its own host. */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { bin, makeHome } from "./app.ts";

const value = "s3cret-value";

async function startServer(): Promise<{ port: number; saw: (string | undefined)[] }> {
  const saw: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    saw.push(request.headers["x-key"]?.toString());
    response.end(`echo ${request.headers["x-key"]?.toString()}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, saw };
}

function inSession(script: string, environment: NodeJS.ProcessEnv): Promise<{ code: number | null; out: string }> {
  return new Promise((resolve) => {
    const child = spawn("/usr/bin/dbus-run-session", ["--", "bash", "-c", `printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; sleep 1\n${script}`, process.execPath, bin], { env: environment, stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.on("data", (data: Buffer) => (out += data.toString()));
    child.once("close", (code) => resolve({ code, out }));
  });
}

test("inside there is a placeholder, the server gets the real value, the echo comes back as the placeholder; another server gets the placeholder", async () => {
  const home = makeHome();
  onTestFinished(home.remove);
  const own = await startServer();
  const other = await startServer();
  const script = `printf %s '${value}' | "$0" "$1" secret set api || exit 9
    "$0" "$1" sandbox --secret api=127.0.0.1:${own.port} --allow 127.0.0.1:${own.port} --allow 127.0.0.1:${other.port} -- sh -c 'echo STARTED; env | grep ^API=; for port in ${own.port} ${other.port}; do curl -s -H "x-key: $API" http://127.0.0.1:$port/; done'
    "$0" "$1" activity --json | grep secret.used`;
  const ran = await inSession(script, home.environment);
  expect(ran.out).toContain("STARTED");
  const placeholder = /^API=(.+)$/m.exec(ran.out)?.[1] ?? "";
  expect(placeholder.length).toBeGreaterThan(20);
  expect(own.saw).toEqual([value]);
  expect(other.saw).toEqual([placeholder]);
  expect(ran.out).not.toContain(value);
  expect(ran.out.match(new RegExp(`echo ${placeholder}`, "g"))).toHaveLength(2);
  expect(JSON.parse(ran.out.trim().split("\n").at(-1) ?? "{}")).toMatchObject({ kind: "secret.used", evidence: "observed", detail: { name: "api", host: "127.0.0.1" } });
}, 60_000);

test("typed at a terminal it is not shown, and is kept as typed", async () => {
  const home = makeHome();
  onTestFinished(home.remove);
  const own = await startServer();
  const script = `(for n in $(seq 100); do grep -q 'not shown' typed.out 2>/dev/null && break; sleep 0.1; done; printf '${value}X\\177\\r'; sleep 1) | script -qefc "$0 $1 secret set api" typed.out
    echo; "$0" "$1" sandbox --secret api=127.0.0.1:${own.port} --allow 127.0.0.1:${own.port} -- sh -c 'curl -s -H "x-key: $API" http://127.0.0.1:${own.port}/'`;
  const ran = await inSession(`cd "$HOME"\n${script}`, home.environment);
  expect(ran.out).toContain("it is not shown");
  expect(own.saw).toEqual([value]);
  expect(ran.out).not.toContain(value);
}, 60_000);
