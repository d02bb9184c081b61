import { defineConfig } from "vitest/config";

/** Folders whose tests need the built program and the machine's real parts. */
const real = [
  "test/confinement/**/*.test.ts", "test/journeys/**/*.test.ts", "test/sandbox/**/*.test.ts", "test/vault/**/*.test.ts", "test/changes/**/*.test.ts", "test/agent/**/*.test.ts", "test/link/**/*.test.ts", "test/renderer/page.test.ts",
  "test/prove/**/*.test.ts", "test/terminal/main.test.ts", "test/app/sweep.test.ts", "test/base/guardedSocket.test.ts",
];
/** Those that load the machine on purpose, watch all of it, or look for what others leave: one after the other, with nothing beside them. */
const alone = ["test/confinement/{resources,ipc,hygiene,leftovers}.test.ts", "test/sandbox/{many,killed,launch}.test.ts", "test/prove/prove.test.ts", "test/journeys/mainJob.test.ts"];

// Unit tests share nothing but modules without state: one process per worker does for all its files.
const patience = { globalSetup: "test/confinement/total.ts", testTimeout: 90_000, hookTimeout: 90_000 };

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/**/*.test.ts"], exclude: real, testTimeout: 20_000, isolate: false } },
      { test: { name: "real", include: real, exclude: alone, maxWorkers: 2, ...patience } },
      { test: { name: "alone", include: alone, fileParallelism: false, ...patience } },
    ],
  },
});
