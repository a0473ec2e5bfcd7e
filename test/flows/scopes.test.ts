import type { ScopeStatus } from "@cadastre/contract/scope";
import type { Context } from "@cadastre/core/context";
import { listScopes, type ScopeFilter } from "@cadastre/core/discovery/list-scopes";
import { lastReportAt, readScopeStates } from "@cadastre/core/ledger/read";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { ACCOUNT, anInstance, aRun, instanceScope, REPORTER, type SeenScope } from "../support/estate.ts";

const seen = (n: number, status: ScopeStatus = "complete"): SeenScope => ({
  key: instanceScope({ region: `region-${n}` }),
  status,
  resources: status === "failed" ? [] : [anInstance(n, { region: `region-${n}` })],
});
const OTHER = { ...REPORTER, name: "b-files" };

async function pages(context: Context, filter: ScopeFilter, limit: number) {
  const found: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await listScopes(context, { limit, cursor, ...filter });
    found.push(page.items.map(({ source, region }) => `${source}/${region}`));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

describe("the states of scopes", () => {
  it("are listed by source and name, a page full of those that are wanted, each once", async () => {
    const { context } = await createTestContext();
    await aRun([0, 1, 2, 3, 4].map((n) => seen(n, n % 2 === 0 ? "complete" : "failed"))).deliver(context);
    await aRun([seen(0, "failed"), seen(5)], { reporter: OTHER }).deliver(context);
    const main = (n: number) => `aws-main/region-${n}`;
    expect(await pages(context, {}, 3)).toEqual([
      [main(0), main(1), main(2)],
      [main(3), main(4), "b-files/region-0"],
      ["b-files/region-5"],
    ]);
    expect(await pages(context, { status: "failed" }, 2)).toEqual([[main(1), main(3)], ["b-files/region-0"]]);
    expect(await pages(context, { region: "region-0" }, 1)).toEqual([[main(0)], ["b-files/region-0"]]);
    expect(await pages(context, { source: "b-files", account: ACCOUNT }, 10)).toEqual([
      ["b-files/region-0", "b-files/region-5"],
    ]);
    expect(await pages(context, { source: "nobody" }, 10)).toEqual([[]]);
  });

  it("of a list go on only with its own filters", async () => {
    const { context } = await createTestContext();
    await aRun([seen(0), seen(1)]).deliver(context);
    const { cursor } = await listScopes(context, { limit: 1 });
    await expect(listScopes(context, { limit: 1, cursor, status: "complete" })).rejects.toMatchObject({
      code: "cursor.invalid",
    });
  });

  it("say when each was last looked at, and when it was last seen whole", async () => {
    const { context, clock } = await createTestContext();
    const at = (minute: number) => `2026-03-01T00:0${minute}:00.000Z`;
    const run = async (scopes: SeenScope[]) => {
      await aRun(scopes).deliver(context);
      clock.forward(60);
    };
    await run([seen(0), seen(1)]);
    await run([seen(0), seen(1, "failed")]);
    await run([seen(0), seen(1, "failed")]);
    await run([seen(0)]);
    const times = async () =>
      (await listScopes(context, { limit: 10 })).items.map(({ lastRunAt, lastSuccessAt, ageSeconds }) => {
        return [lastRunAt, lastSuccessAt, ageSeconds];
      });
    expect(await times()).toEqual([
      [at(3), at(3), 60],
      [at(2), at(0), 240],
    ]);
    // A run that is never completed saw nothing whole.
    await aRun([seen(0, "partial"), seen(1)]).open(context);
    clock.forward(60);
    expect((await times()).map(([, lastSuccessAt]) => lastSuccessAt)).toEqual([at(3), at(0)]);
    expect(await lastReportAt(context, REPORTER.name)).toBe(at(4));
    expect(await lastReportAt(context, "nobody")).toBeUndefined();
  });

  it("are told without reading any scope: status, whether a run is at work, and times", async () => {
    const { context } = await createTestContext();
    await aRun([seen(0), seen(1, "failed")]).deliver(context);
    await aRun([seen(2)]).open(context);
    const { result, units } = await context.table.meter.measure(() => readScopeStates(context));
    const now = context.now().toISOString();
    expect(
      result.map(({ name, status, isOpen, completeAt }) => [name.split("/")[2], status, isOpen, completeAt]),
    ).toEqual([
      ["region-0", "complete", false, now],
      ["region-1", "failed", false, undefined],
      ["region-2", undefined, true, undefined],
    ]);
    expect(units.read).toBeLessThanOrEqual(2);
    expect(await readScopeStates(context, { source: "nobody" })).toEqual([]);
    const narrow: Context = { ...context, restriction: { accounts: ["aws/999999999999"] } };
    expect(await readScopeStates(narrow)).toEqual([]);
    expect((await listScopes(narrow, { limit: 10 })).items).toEqual([]);
  });
});
