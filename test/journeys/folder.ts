/** A folder of mixed files as a person has it, and its hash: names, modes and bytes. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export function fillFolder(path: string, count: number): void {
  mkdirSync(path, { recursive: true });
  const endings = ["txt", "md", "pdf", "jpg", "docx"];
  for (let index = 0; index < count - 1; index++) writeFileSync(join(path, `file ${index}.${endings[index % endings.length]}`), `content ${index}\n`);
  writeFileSync(join(path, "sales.csv"), "month,units,total\nJan,3,30.5\nFeb,4,41.25\n");
}

export function hashFolder(path: string): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(path, { recursive: true, encoding: "utf8" }).sort()) {
    const found = statSync(join(path, name));
    hash.update(`${name}\0${found.mode}\0`);
    if (found.isFile()) hash.update(readFileSync(join(path, name)));
  }
  return hash.digest("hex");
}
