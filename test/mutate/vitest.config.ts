import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig, mergeConfig } from "vitest/config";
import project from "../../vitest.config.ts";
import { AREAS } from "./areas.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const area = AREAS[process.env.MUTATED_AREA ?? ""];
if (area === undefined) throw new Error(`MUTATED_AREA is none of ${Object.keys(AREAS).join(", ")}`);

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
config.test.include = area.tests;
// Processes of a test's own meet no mutants, the text of a mutated source is not that of the source, and sockets are slow.
config.test.exclude = [
  ...configDefaults.exclude,
  "test/flows/{local,memory,wiring}.test.ts",
  "test/store/sqlite-file.test.ts",
  "test/api/{error-codes,wire}.test.ts",
];
export default config;
