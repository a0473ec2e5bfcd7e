import { defineConfig } from "vitest/config";
import { COMPILED } from "./test/support/compiled.ts";

export default defineConfig({
  test: {
    include: [
      "packages/**/*.test.ts",
      "collectors/**/*.test.ts",
      "functions/**/*.test.ts",
      "infra/**/*.test.ts",
      "test/**/*.test.ts",
    ],
    env: COMPILED,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
