import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig, mergeConfig } from "vitest/config";
import project from "../../vitest.config.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const tests = process.env.MUTATED_TESTS;
if (tests === undefined) throw new Error("started by mutate.ts, which says what tests there are in MUTATED_TESTS");

const config = mergeConfig(
  project,
  defineConfig({
    root,
    // Mutants live in a copy of the tree, whose node_modules still lead to the workspaces of the original. Imports between
    // workspaces have to be turned to the copy, or no test would ever meet a mutant of another workspace.
    resolve: {
      alias: [
        { find: /^@cadastre\/(collectors|functions|infra)\/(.+)$/, replacement: `${root}$1/src/$2.ts` },
        { find: /^@cadastre\/([a-z]+)\/(.+)$/, replacement: `${root}packages/$1/src/$2.ts` },
      ],
    },
  }),
);
// Replaced, where merging would add to what the project includes.
config.test.include = JSON.parse(tests) as string[];
// Processes of a test's own meet no mutants, the text of a mutated source is not that of the source, and sockets are slow.
config.test.exclude = [
  ...configDefaults.exclude,
  "test/flows/{local,memory,wiring}.test.ts",
  "test/store/sqlite-processes.test.ts",
  "test/api/{error-codes,wire}.test.ts",
];
export default config;
