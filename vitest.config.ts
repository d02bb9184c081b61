import { defineConfig } from "vitest/config";

/** Folders whose tests need the built program and the machine's real parts; they run one file after the other. */
const real = ["test/confinement/**/*.test.ts", "test/journeys/**/*.test.ts", "test/sandbox/**/*.test.ts", "test/vault/**/*.test.ts", "test/changes/**/*.test.ts", "test/agent/**/*.test.ts", "test/link/**/*.test.ts", "test/renderer/page.test.ts", "test/prove/**/*.test.ts"];

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/**/*.test.ts"], exclude: real, testTimeout: 20_000 } },
      { test: { name: "real", include: real, globalSetup: "test/confinement/total.ts", fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000 } },
    ],
  },
});
