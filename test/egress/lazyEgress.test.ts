import { request } from "node:http";
import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startEgress } from "../../main/egress/egress.ts";
import { listenLazily } from "../../main/egress/lazyEgress.ts";
import type { EventDraft } from "../../protocol/event.ts";
import { failed } from "../../protocol/problem.ts";
import { greeted, token } from "../greeted.ts";
import { temporaryDirectory } from "../temporary.ts";

function ask(socketPath: string, url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ createConnection: () => greeted(socketPath), path: url, headers: { host: new URL(url).host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).on("error", reject).end();
  });
}

test("the broker is built for the first request, once, and decides like any other", async () => {
  const socketPath = join(temporaryDirectory(), "e");
  const events: EventDraft[] = [];
  let built = 0;
  const lazy = await listenLazily({ socketPath, token }, () => {
    built++;
    return startEgress({ conversation: "aaaaaaaaaaaa", turn: () => undefined, rules: () => [], secrets: [], lend: () => failed("no-key", "none"), record: (draft) => { events.push(draft); return draft as never; } });
  });
  onTestFinished(lazy.close);
  expect([built, statSync(socketPath).mode & 0o777]).toEqual([0, 0o600]);
  expect(await Promise.all([ask(socketPath, "http://example.com/"), ask(socketPath, "http://other.example/")])).toEqual([403, 403]);
  expect(built).toBe(1);
  expect(events.map((event) => [event.kind, event.outcome])).toEqual([["network.requested", "refused"], ["network.requested", "refused"]]);
});

test("a broker that cannot be built lets nothing through: the connection is closed", async () => {
  const socketPath = join(temporaryDirectory(), "e");
  const lazy = await listenLazily({ socketPath, token }, () => Promise.reject(new Error("broken")));
  onTestFinished(lazy.close);
  const got = await new Promise<string>((resolve) => {
    let bytes = "";
    const client = greeted(socketPath).on("connect", () => client.write("GET http://example.com/ HTTP/1.1\r\nhost: example.com\r\n\r\n"));
    client.on("data", (data) => (bytes += data.toString())).on("error", () => undefined).on("close", () => resolve(bytes));
  });
  expect(got).toBe("");
});

test("closing ends connections that are still open", async () => {
  const socketPath = join(temporaryDirectory(), "e");
  const lazy = await listenLazily({ socketPath, token }, () => new Promise(() => undefined));
  const client = greeted(socketPath);
  await new Promise((resolve) => client.once("connect", resolve));
  const closed = new Promise((resolve) => client.once("close", resolve));
  client.on("error", () => undefined);
  void lazy.close();
  await closed;
});
