/** The feed's rate of writing against a bare insert loop over the same store. */
import { mkdirSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { openFeed } from "../../main/feed/feed.ts";
import type { EventDraft } from "../../protocol/event.ts";
import type { Home } from "../journeys/app.ts";
import { alternate, timed, type Figure } from "./measure.ts";

const draft = (index: number): EventDraft => ({
  kind: "tool.called", conversation: "bench0000000", actor: "agent", evidence: "claimed", outcome: "done",
  detail: { id: `t${index}`, tool: "read", summary: `read file ${index} of a folder with a usual name.txt`, status: "completed" },
});

function bareInsert(path: string, batch: number, total: number): void {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE IF NOT EXISTS e(conversation TEXT, seq INTEGER, body TEXT, PRIMARY KEY(conversation, seq)) WITHOUT ROWID");
  const insert = database.prepare("INSERT INTO e VALUES(?,?,?)");
  const first = (database.prepare("SELECT coalesce(max(seq),0) AS seq FROM e").get()?.["seq"] as number) + 1;
  for (let index = 0; index < total; index += batch) {
    database.exec("BEGIN IMMEDIATE");
    for (let one = index; one < index + batch; one++) insert.run("bench", first + one, JSON.stringify(draft(one)));
    database.exec("COMMIT");
  }
  database.close();
}

export async function feedRate(home: Home): Promise<Figure[]> {
  const figures: Figure[] = [];
  mkdirSync(join(home.path, "feed"));
  for (const batch of [100, 1]) {
    const total = batch === 1 ? 2000 : 10_000;
    const feed = openFeed({ path: join(home.path, "feed", `${batch}.db`), now: () => new Date(), redact: (text) => text });
    const result = await alternate(5, () => timed(async () => {
      for (let index = 0; index < total; index += batch) feed.recordAll(Array.from({ length: batch }, (_, one) => draft(index + one)));
    }), () => timed(async () => bareInsert(join(home.path, "feed", `bare${batch}.db`), batch, total)));
    feed.close();
    figures.push({ name: `feed, batches of ${batch}; rate against a bare insert loop`, value: 1 / result.ratio, unit: "x", goal: 0.6, atLeast: true, spread: result.spread });
  }
  return figures;
}
