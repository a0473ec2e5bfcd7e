import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../support/access-patterns.ts";
import { COMPILED } from "../support/compiled.ts";
import type { Block } from "./blocks.ts";

export interface RanBlock {
  readonly block: Block;
  readonly output: string;
}

export interface RanDocument {
  readonly code: number | null;
  readonly stderr: string;
  /** The runnable blocks that were reached, each with what it printed. */
  readonly ran: readonly RanBlock[];
}

/** An error of HTTP fails the command, which a person who pastes it sees by its text; each answer ends its line. */
const PRELUDE = `set -eu
curl() { command curl --fail-with-body -w '\\n' "$@"; }
npx() { shift; "$NODE" "$CADASTRE_BIN" "$@"; }
`;

const markOf = (at: number) => `@@ block ${at} @@`;

function scriptOf(blocks: readonly Block[]): string {
  const parts = blocks.map(({ text, marks, line }, at) => {
    const command = marks.has("fails")
      ? `if (\n${text}\n); then echo "the block at line ${line} should have failed" >&2; exit 99; fi`
      : text;
    return `printf '\\n%s\\n' '${markOf(at)}'\n${command}\n`;
  });
  return PRELUDE + parts.join("");
}

/**
 * Runs the blocks marked `runnable` one after the other in one shell, as somebody would paste them, in a folder in which the
 * blocks marked `file=NAME` are files. A block marked `fails` has to.
 */
export async function runDocument(
  blocks: readonly Block[],
  directory: string,
  environment: Readonly<Record<string, string>>,
): Promise<RanDocument> {
  mkdirSync(join(directory, ".cadastre"), { recursive: true });
  for (const { marks, text } of blocks) {
    const file = marks.get("file");
    if (file !== undefined) writeFileSync(join(directory, file), `${text}\n`);
  }
  const runnable = blocks.filter(({ marks }) => marks.has("runnable"));
  const child = spawn("bash", ["-c", scriptOf(runnable)], {
    cwd: directory,
    env: {
      ...COMPILED,
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      HOME: directory,
      NODE: process.execPath,
      CADASTRE_BIN: join(root, "packages/cli/bin/cadastre.js"),
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  const ran = runnable.flatMap((block, at): RanBlock[] => {
    const [, after] = stdout.split(`${markOf(at)}\n`);
    if (after === undefined) return [];
    return [{ block, output: after.split(`\n${markOf(at + 1)}`)[0] as string }];
  });
  return { code, stderr, ran };
}
