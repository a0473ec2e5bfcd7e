import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../support/access-patterns.ts";
import { type Block, blocksOf } from "./blocks.ts";
import { type LocalRun, startLocalRun } from "./local-run.ts";
import { runDocument } from "./run-document.ts";
import { firstMissing } from "./shown-output.ts";

const directory = mkdtempSync(join(tmpdir(), "cadastre-docs-"));
let local: LocalRun;

beforeAll(async () => {
  local = await startLocalRun(join(directory, "data"));
});
afterAll(async () => {
  await local.stop();
  rmSync(directory, { recursive: true });
});

const read = (document: string) => blocksOf(readFileSync(join(root, document), "utf8"));

/** The block of output that a document shows right after a runnable one. */
function shownAfter(blocks: readonly Block[], block: Block): string | undefined {
  const next = blocks[blocks.indexOf(block) + 1];
  return next?.marks.has("output") ? next.text : undefined;
}

describe("what the documentation shows", () => {
  it.each(["README.md", "docs/api.md"])(
    "%s: works when it is pasted after the export line, and prints that",
    async (document) => {
      const blocks = read(document);
      const place = mkdtempSync(join(directory, "place-"));
      const { code, stderr, ran } = await runDocument(blocks, place, local.exported);
      const last = ran.at(-1);
      expect(code, `ended in the block at line ${last?.block.line} of ${document}:\n${last?.output}\n${stderr}`).toBe(
        0,
      );
      expect(ran.length).toBe(blocks.filter(({ marks }) => marks.has("runnable")).length);
      const untrue = ran.flatMap(({ block, output }) => {
        const shown = shownAfter(blocks, block);
        const missing = shown === undefined ? undefined : firstMissing(shown, output);
        return missing === undefined ? [] : [{ line: block.line, missing, output }];
      });
      expect(untrue).toEqual([]);
    },
  );

  it("of the first start is what it prints", () => {
    const shown = read("README.md").find(({ text }) => text.includes("Your first admin token"))?.text ?? "";
    const [greeting = "", onStderr = "", token = ""] = shown
      .replaceAll("8787", "PORT")
      .replaceAll(/(cad|lnk)_[\w.]+…/g, "$1_…")
      .split(/\n\n(?=complete|Your)/);
    expect(firstMissing(`${greeting}\n${token}`, local.stdout())).toBeUndefined();
    expect(firstMissing(onStderr, local.stderr())).toBeUndefined();
    expect(token).toContain("export CADASTRE_API=");
  });
});
