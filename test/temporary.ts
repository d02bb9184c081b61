/** A directory that is gone after the test. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { removeTree } from "../main/base/removeTree.ts";

export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "bulkhead-test-"));
  onTestFinished(() => removeTree(path));
  return path;
}
