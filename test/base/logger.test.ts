import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createLogger } from "../../main/base/logger.ts";
import { temporaryDirectory } from "../temporary.ts";

test("a lent value never reaches the log, not even in an error's stack; other text does", () => {
  const file = join(temporaryDirectory(), "log");
  const logger = createLogger({ file, now: () => new Date(0) });
  logger.log("room", "before s3cret-value");
  logger.hide("s3cret-value");
  logger.log("room", "after", new Error("upstream said s3cret-value"));
  const text = readFileSync(file, "utf8");
  expect(text.split("\n")[0]).toContain("s3cret-value");
  expect(text.split("\n").slice(1).join("")).not.toContain("s3cret-value");
  expect(text).toContain("[secret]");
});
