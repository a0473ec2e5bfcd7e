import type { Context } from "@cadastre/core/context";
import { staleScopes } from "@cadastre/core/discovery/stale-scopes";
import { countStale, readCoverage } from "@cadastre/core/ledger/gaps";
import { readScopeStates } from "@cadastre/core/ledger/read";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { crashAt } from "../support/crashing-table.ts";
import { anInstance, aRun, instanceScope, REPORTER, type SeenScope } from "../support/estate.ts";
import { runJobs } from "../support/run-jobs.ts";

const REGIONS = ["eu-west-1", "us-east-1", "us-west-2"];
const OTHER = "999900001111";

type How = "complete" | "partial" | "failed" | "skipped";

/** A scope of a region in the state that is given. */
function aScope(region: string, status: How = "complete", account?: string): SeenScope {
  const key = instanceScope({ region, ...(account ? { account } : {}) });
  const isSilent = status === "failed" || status === "skipped";
  const resources = isSilent ? [] : [anInstance(1, { region, ...(account ? { account } : {}) })];
  const errors = status === "complete" ? [] : [{ code: "denied", message: "no" }];
  return { key, status, errors, resources };
}

const deliver = (context: Context, scopes: readonly SeenScope[]) => aRun(scopes).deliver(context);
const gapsOf = async (context: Context, filters = {}) =>
  (await readCoverage(context, filters)).some.map(({ region, cause }) => `${region} ${cause}`);

/** What the ledger itself says of all scopes. */
async function gapsByLedger(context: Context): Promise<string[]> {
  const states = await readScopeStates(context);
  return states
    .filter(({ status }) => status === "partial" || status === "failed")
    .map(({ name, status }) => `${name.split("/")[2]} ${status}`);
}

describe("what a list can rely on", () => {
  it("is all of it where every scope was seen whole, and says of how many", async () => {
    const { context } = await createTestContext();
    expect(await readCoverage(context, {})).toEqual({ complete: true, gaps: 0, scopes: 0, some: [] });
    await deliver(
      context,
      REGIONS.map((region) => aScope(region)),
    );
    await deliver(context, [aScope("eu-west-1"), aScope("eu-north-1")]);
    expect(await readCoverage(context, {})).toEqual({ complete: true, gaps: 0, scopes: 4, some: [] });
    expect(await readCoverage(context, { provider: "aws" })).toMatchObject({ scopes: 4 });
    expect(await readCoverage(context, { provider: "gcp" })).toMatchObject({ complete: true, scopes: 0 });
    expect(await readCoverage(context, { region: "eu-west-1" })).toEqual({ complete: true, gaps: 0, some: [] });
  });

  it("names the scopes that it cannot, by what is asked for", async () => {
    const { context, clock } = await createTestContext();
    await deliver(context, [aScope("eu-west-1", "failed"), aScope("us-east-1"), aScope("us-west-2", "partial", OTHER)]);
    const at = clock.now().toISOString();
    const failed = { source: REPORTER.name, ...instanceScope({ region: "eu-west-1" }), cause: "failed", since: at };
    const partial = {
      source: REPORTER.name,
      ...instanceScope({ region: "us-west-2", account: OTHER }),
      cause: "partial",
      since: at,
    };
    expect(await readCoverage(context, {})).toEqual({ complete: false, gaps: 2, scopes: 3, some: [failed, partial] });
    expect(await readCoverage(context, { account: OTHER })).toEqual({ complete: false, gaps: 1, some: [partial] });
    expect(await readCoverage(context, { provider: "aws", account: OTHER })).toMatchObject({ gaps: 1 });
    expect(await readCoverage(context, { account: OTHER, region: "eu-west-1" })).toMatchObject({ complete: true });
    expect(await readCoverage(context, { region: "eu-west-1" })).toEqual({ complete: false, gaps: 1, some: [failed] });
    expect(await readCoverage(context, { kind: "subnet" })).toEqual({ complete: true, gaps: 0, some: [] });
    expect(await readCoverage(context, { kind: "instance", region: "us-west-2" })).toMatchObject({ gaps: 1 });
    expect(await readCoverage(context, { provider: "tls" })).toMatchObject({ complete: true });
  });

  it("says of nothing that the caller may not see", async () => {
    const { context } = await createTestContext();
    await deliver(context, [aScope("eu-west-1", "failed"), aScope("us-west-2", "partial", OTHER)]);
    const limited = { ...context, restriction: { accounts: [`aws/${OTHER}` as const] } };
    expect(await readCoverage(limited, {})).toMatchObject({ complete: false, gaps: 1, some: [{ account: OTHER }] });
    expect(await readCoverage(limited, {})).not.toHaveProperty("scopes");
    expect(await readCoverage(limited, { account: instanceScope().account })).toEqual({
      complete: true,
      gaps: 0,
      some: [],
    });
  });

  it("follows each turn of a scope, and what is skipped on purpose is no gap", async () => {
    const { context, clock } = await createTestContext();
    const turn = async (status: How) => {
      clock.forward(60);
      await deliver(context, [aScope("eu-west-1", status)]);
      return gapsOf(context);
    };
    expect(await turn("failed")).toEqual(["eu-west-1 failed"]);
    const { since } = (await readCoverage(context, {})).some[0] ?? {};
    expect(await turn("failed")).toEqual(["eu-west-1 failed"]);
    expect((await readCoverage(context, {})).some[0]).toMatchObject({ since });
    expect(await turn("partial")).toEqual(["eu-west-1 partial"]);
    expect(await turn("complete")).toEqual([]);
    expect(await turn("failed")).toEqual(["eu-west-1 failed"]);
    expect(await turn("skipped")).toEqual([]);
    expect(await turn("failed")).toEqual(["eu-west-1 failed"]);
  });

  it("knows of scopes that nobody reports any more, and that somebody does again", async () => {
    const { context, clock } = await createTestContext();
    await deliver(context, [aScope("eu-west-1", "failed"), aScope("us-east-1")]);
    clock.forward(25 * 3600);
    await runJobs(context, [staleScopes]);
    expect(await gapsOf(context)).toEqual(["eu-west-1 stale", "eu-west-1 failed", "us-east-1 stale"]);
    expect(await readCoverage(context, {})).toMatchObject({ complete: false, gaps: 2, scopes: 2 });
    expect(await countStale(context)).toBe(2);
    await deliver(context, [aScope("eu-west-1", "failed"), aScope("us-east-1")]);
    clock.forward(300);
    await runJobs(context, [staleScopes]);
    expect(await gapsOf(context)).toEqual(["eu-west-1 failed"]);
    expect(await countStale(context)).toBe(0);
  });

  it("is what the ledger says, after any runs, also when they are killed at any write", async () => {
    const aStep = fc.record({
      states: fc.array(fc.constantFrom<How>("complete", "partial", "failed", "skipped"), {
        minLength: 3,
        maxLength: 3,
      }),
      dies: fc.integer({ min: 1, max: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(aStep, { minLength: 1, maxLength: 5 }), async (steps) => {
        const { context, clock } = await createTestContext();
        for (const { states, dies } of steps) {
          const run = aRun(states.map((status, n) => aScope(REGIONS[n] as string, status)));
          await run.deliver({ ...context, table: crashAt(context.table, dies) }).catch(() => undefined);
          await run.deliver(context);
          clock.forward(60);
          expect(await gapsOf(context)).toEqual(await gapsByLedger(context));
          expect(await readCoverage(context, {})).toMatchObject({ scopes: 3 });
        }
      }),
      { numRuns: 15 },
    );
  });

  it("costs the same at any number of scopes, and stops counting at 200", async () => {
    const { context } = await createTestContext();
    const cost = async () => (await context.table.meter.measure(() => readCoverage(context, {}))).units.read;
    await deliver(context, [aScope("r-1", "failed")]);
    const before = await cost();
    expect(before).toBeLessThanOrEqual(1);
    await deliver(
      context,
      Array.from({ length: 400 }, (_, n) => aScope(`r-${n}`, n === 1 ? "failed" : "complete")),
    );
    expect(await cost()).toBe(before);
    await deliver(
      context,
      Array.from({ length: 400 }, (_, n) => aScope(`r-${n}`, "failed")),
    );
    expect(await readCoverage(context, {})).toMatchObject({ complete: false, gaps: 200, more: true, scopes: 400 });
    expect(await cost()).toBeLessThanOrEqual(5);
  });
});
