import type { ScopeStatus } from "@cadastre/contract/scope";
import { anActor } from "@cadastre/core/audit/testing";
import type { Context } from "@cadastre/core/context";
import { listHolds, rejectHold } from "@cadastre/core/discovery/holds";
import { listScopes, type ScopeFilter } from "@cadastre/core/discovery/list-scopes";
import { staleScopes } from "@cadastre/core/discovery/stale-scopes";
import { lastReportAt, readScopeStates } from "@cadastre/core/ledger/read";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { ACCOUNT, anInstance, aRun, instanceScope, REPORTER, type SeenScope } from "../support/estate.ts";
import { runJobs } from "../support/run-jobs.ts";

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
  it("are listed with the problems first, a page full of those that are wanted, each once", async () => {
    const { context } = await createTestContext();
    await aRun([0, 1, 2, 3, 4].map((n) => seen(n, n % 2 === 0 ? "complete" : "failed"))).deliver(context);
    await aRun([seen(0, "failed"), seen(5)], { reporter: OTHER }).deliver(context);
    const main = (n: number) => `aws-main/region-${n}`;
    expect(await pages(context, {}, 3)).toEqual([
      ["b-files/region-0", main(1), main(3)],
      [main(0), main(2), main(4)],
      ["b-files/region-5"],
    ]);
    expect(await pages(context, { status: "failed" }, 2)).toEqual([["b-files/region-0", main(1)], [main(3)]]);
    expect(await pages(context, { problems: true }, 10)).toEqual([["b-files/region-0", main(1), main(3)]]);
    expect(await pages(context, { problems: false, source: "b-files" }, 10)).toEqual([["b-files/region-5"]]);
    expect(await pages(context, { region: "region-0" }, 1)).toEqual([["b-files/region-0"], [main(0)]]);
    expect(await pages(context, { source: "b-files", account: ACCOUNT }, 10)).toEqual([
      ["b-files/region-0", "b-files/region-5"],
    ]);
    expect(await pages(context, { source: "nobody" }, 10)).toEqual([[]]);
  });

  it("are first when they are failed, partial, stale, or held for an operator, however they are paged", async () => {
    const { context, clock } = await createTestContext();
    const many = (region: string): SeenScope => ({
      key: instanceScope({ region }),
      resources: [1, 2, 3, 4].map((n) => anInstance(n, { region })),
    });
    await aRun([many("held"), seen(1), seen(2), seen(3)]).deliver(context);
    await aRun([seen(7)], { reporter: OTHER }).deliver(context);
    clock.forward(25 * 3600);
    await aRun([{ ...many("held"), resources: [] }, seen(1), seen(2, "failed"), seen(3, "partial")]).deliver(context);
    const problems = ["aws-main/held", "aws-main/region-2", "aws-main/region-3"];
    // What nobody has told yet that it is stale is found, too; but its place is still among the others.
    expect((await pages(context, {}, 10)).flat()).toEqual([...problems, "aws-main/region-1", "b-files/region-7"]);
    expect((await pages(context, { problems: true }, 1)).flat()).toEqual([...problems, "b-files/region-7"]);
    await runJobs(context, [staleScopes]);
    const all = [...problems, "b-files/region-7", "aws-main/region-1"];
    for (const limit of [1, 2, 3, 4, 10]) expect((await pages(context, {}, limit)).flat()).toEqual(all);
    expect((await pages(context, { stale: true }, 10)).flat()).toEqual(["b-files/region-7"]);
    const [hold] = (await listHolds(context, { limit: 1 })).items;
    await rejectHold(context, anActor, hold?.id ?? "", {});
    expect((await pages(context, { problems: true }, 10)).flat()).toEqual(all.slice(1, 4));
  });

  it("of which there are thousands with a problem are paged, each once, whatever the caller may see of them", async () => {
    const { context } = await createTestContext();
    const account = "999900001111";
    const failed = (n: number, own = ACCOUNT): SeenScope => ({
      key: instanceScope({ account: own, region: `region-${n}` }),
      status: "failed",
      resources: [],
    });
    const scopes = Array.from({ length: 2500 }, (_, n) => failed(n));
    await aRun([...scopes, failed(1, account)]).deliver(context);
    const all = (await pages(context, { problems: true }, 200)).flat();
    expect([all.length, new Set(all).size]).toEqual([2501, 2500]);
    const limited: Context = { ...context, restriction: { accounts: [`aws/${account}`] } };
    expect(await pages(limited, { problems: true }, 10)).toEqual([["aws-main/region-1"]]);
    const one = await context.table.meter.measure(() =>
      listScopes(context, { limit: 50, account, region: "region-1" }),
    );
    expect(one.result.items).toHaveLength(1);
  });

  it("that turn while they are listed are on one page at least", async () => {
    const { context, clock } = await createTestContext();
    await aRun([0, 1, 2, 3].map((n) => seen(n, n === 0 ? "failed" : "complete"))).deliver(context);
    const first = await listScopes(context, { limit: 1 });
    clock.forward(60);
    await aRun([0, 1, 2, 3].map((n) => seen(n, n === 3 ? "failed" : "complete"))).deliver(context);
    const rest = await listScopes(context, { limit: 10, cursor: first.cursor });
    expect(first.items.map(({ region }) => region)).toEqual(["region-0"]);
    expect(rest.items.map(({ region }) => region)).toEqual(["region-0", "region-1", "region-2", "region-3"]);
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
      [at(2), at(0), 240],
      [at(3), at(3), 60],
    ]);
    // A run that is never completed saw nothing whole.
    await aRun([seen(0, "partial"), seen(1)]).open(context);
    clock.forward(60);
    expect((await times()).map(([, lastSuccessAt]) => lastSuccessAt)).toEqual([at(0), at(3)]);
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
