import { type ScopeError, scopeName } from "@cadastre/contract/scope";
import type { Context } from "@cadastre/core/context";
import { deliver } from "@cadastre/core/discovery/deliver";
import { listHistory } from "@cadastre/core/register/history";
import { getResource } from "@cadastre/core/register/resources";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { Crash, crashAt } from "../support/crashing-table.ts";
import { ACCOUNT, ACTOR, anInstance, aRun, instanceScope, type Raw, REPORTER } from "../support/estate.ts";
import { found, scopesByName } from "../support/register.ts";

const send = (context: Context, ...resources: Raw[]) =>
  deliver(context, ACTOR, REPORTER, {
    contract: "cadastre.discovery/v1",
    scopes: [{ ...instanceScope(), status: "complete", resources }],
  });

describe("what an item of the store cannot hold", () => {
  it("of a tag, in any script, is cut in the index and whole in the resource", async () => {
    const { context } = await createTestContext();
    const value = "🦀".repeat(245);
    await send(context, anInstance(1, { tags: { crab: value, ["🦀".repeat(128)]: "" }, name: value }));
    expect((await getResource(context, anInstance(1).id)).tags.crab).toBe(value);
    expect(await found(context, `tag:crab=${value}`)).toEqual([anInstance(1).id]);
    expect(await found(context, `tag:crab=${"🦀".repeat(244)}`)).toEqual([]);
  });

  it("of a change of thousands of members is told by the members whole", async () => {
    const { context } = await createTestContext();
    const tags = (value: string) => Object.fromEntries(Array.from({ length: 11_000 }, (_, n) => [`t${n}`, value]));
    await send(context, anInstance(1, { tags: tags("a") }));
    await send(context, anInstance(1, { tags: tags("b"), state: "stopped" }));
    const [event] = (await listHistory(context, anInstance(1).id, { limit: 1 })).items;
    expect(event?.changes.map(({ path }) => path)).toEqual(["attributes", "tags"]);
    expect(event?.changes[1]).toEqual({ path: "tags", before: tags("a"), after: tags("b") });
    expect(await found(context, "tag:t10999=b")).toEqual([anInstance(1).id]);
  });

  it("of the errors of many scopes is shown whole, for each of them", async () => {
    const { context } = await createTestContext();
    const errors = Array.from(
      { length: 50 },
      (_, n): ScopeError => ({ code: "denied", message: `${n}`.padEnd(1000, "x") }),
    );
    const scopes = Array.from({ length: 40 }, (_, n) => ({
      key: instanceScope({ region: `region-${n}` }),
      status: "failed" as const,
      errors,
      resources: [],
    }));
    await aRun(scopes).deliver(context);
    const states = [...(await scopesByName(context)).values()];
    expect(states).toHaveLength(scopes.length);
    for (const state of states) expect(state).toMatchObject({ status: "failed", errors });
    expect((await aRun(scopes).open(context)).state).toBe("unchanged");
  });

  it("of the states of a run's scopes together goes in parts, and a crash between any two of them loses none", {
    timeout: 120_000,
  }, async () => {
    const errors = Array.from({ length: 40 }, (_, n): ScopeError => ({ code: `e${n}`, message: "x".repeat(1000) }));
    const scopes = Array.from({ length: 150 }, (_, n) => ({
      key: instanceScope({ region: `region-${n}` }),
      status: "failed" as const,
      errors,
      resources: [],
    }));
    const settled = async (context: Context) => {
      const states = [...(await scopesByName(context)).values()];
      expect(states).toHaveLength(scopes.length);
      for (const state of states) expect(state).toMatchObject({ status: "failed", errors });
      expect((await aRun(scopes).open(context)).state).toBe("unchanged");
    };
    const whole = await createTestContext();
    const counting = crashAt(whole.table, Number.POSITIVE_INFINITY);
    await aRun(scopes).deliver({ ...whole.context, table: counting });
    await settled(whole.context);
    for (let at = counting.writes() - 4; at <= counting.writes(); at++) {
      const { context, table } = await createTestContext();
      await expect(aRun(scopes).deliver({ ...context, table: crashAt(table, at) }), `${at}`).rejects.toThrow(Crash);
      await aRun(scopes).deliver(context);
      await settled(context);
    }
  });

  it("of a scope that is never complete is spread over more shards, and retired once it is", {
    timeout: 120_000,
  }, async () => {
    const { context } = await createTestContext();
    const key = instanceScope({ kind: "address" });
    const counts = new Map([[scopeName(key), 1]]);
    const addresses = (round: number) =>
      Array.from({ length: 1000 }, (_, n) => ({
        id: `arn:aws:ec2:us-east-1:${ACCOUNT}:elastic-ip/eipalloc-${round}-${n}`,
        name: "",
        tags: {},
        attributes: { type: "external", address: `52.${round}.${n >> 8}.${n & 255}` },
      }));
    const ROUNDS = 7;
    for (let round = 0; round < ROUNDS; round++) {
      await aRun([{ key, status: "partial", resources: addresses(round) }], { counts }).deliver(context);
    }
    expect(counts.get(scopeName(key))).toBeGreaterThan(1);
    const generous = { ...context, holdPolicy: { share: 1, floor: 1 } };
    const { completed } = await aRun([{ key, resources: addresses(ROUNDS - 1) }], { counts }).deliver(generous);
    expect(completed?.totals).toMatchObject({ resources: 1000, created: 0, retired: 1000 * (ROUNDS - 1) });
  });
});
