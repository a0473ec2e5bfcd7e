import type { Table } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext } from "../audit/testing.ts";
import { aRun } from "./testing.ts";

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

describe("a run that is completed", () => {
  it("of more than a thousand scopes completes them together, each commit as full as it may be", async () => {
    const context = aContext();
    const run = aRun(range(0, 1001).map((n) => ({ status: "skipped" as const, region: `region-${n}` })));
    await run.open(context);
    let commits = 0;
    const table: Table = {
      ...context.table,
      commit: async (writes) => {
        commits++;
        await context.table.commit(writes);
      },
    };
    expect((await run.complete({ ...context, table })).scopes).toHaveLength(1001);
    expect(commits).toBeLessThan(100);
  });
});
