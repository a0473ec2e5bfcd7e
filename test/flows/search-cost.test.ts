import type { Context } from "@cadastre/core/context";
import { countResources } from "@cadastre/core/register/counts-by";
import { ResourceItem } from "@cadastre/core/register/items";
import { getResource } from "@cadastre/core/register/resources";
import { findResources } from "@cadastre/core/register/search";
import { parseSearch } from "@cadastre/core/subjects/parse-search";
import { toRow } from "@cadastre/store/row";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { crashAt } from "../support/crashing-table.ts";
import { anInstance, aRun, instanceScope, type SeenScope } from "../support/estate.ts";
import { allOf, indexDump } from "../support/index-dump.ts";
import { found } from "../support/register.ts";

/** One instance in each of so many places: accounts in regions. */
function places(accounts: number, regions: number): SeenScope[] {
  return Array.from({ length: accounts * regions }, (_, n) => {
    const region = `region-${n % regions}`;
    const account = String(100_000_000_000 + Math.floor(n / regions));
    return { key: instanceScope({ account, region }), resources: [anInstance(n, { account, region })] };
  });
}

const readsOf = async (context: Context, work: () => Promise<unknown>) =>
  (await context.table.meter.measure(work)).units.read;

describe("a first ingest", () => {
  it("takes at most six units for the index of an instance, and half a unit for all that is not the resource or its change", async () => {
    const { context } = await createTestContext();
    const resources = Array.from({ length: 1000 }, (_, n) => anInstance(n));
    const { units } = await context.table.meter.measure(() =>
      aRun([{ key: instanceScope(), resources }]).deliver(context),
    );
    const { entries } = await indexDump(context);
    expect(entries / resources.length).toBeLessThanOrEqual(6.1);
    // A transaction takes two units for each KB: of the resource, and of the feed item.
    const [resource] = await allOf(context, ResourceItem);
    const { size } = toRow(ResourceItem, resource as ResourceItem, 1);
    const own = 2 * Math.ceil(size / 1024) + 2;
    expect((units.write - entries) / resources.length - own).toBeLessThanOrEqual(0.5);
  });

  it("that dies after any write never leaves a resource that its address does not find", async () => {
    for (let at = 1, died = true; died; at++) {
      const { context, table } = await createTestContext();
      died = await aRun([{ key: instanceScope(), resources: [anInstance(1, { address: "10.1.2.5" })] }])
        .deliver({ ...context, table: crashAt(table, at) })
        .then(
          () => false,
          () => true,
        );
      expect(await found(context, "ip:10.1.2.5"), `died at write ${at}`).toEqual(await found(context, "kind:instance"));
    }
  });
});

describe.each([
  [2, 1],
  [40, 10],
])("with %i accounts in %i regions", (accounts, regions) => {
  it("a list, a search and a count cost the same", async () => {
    const { context } = await createTestContext();
    await aRun(places(accounts, regions)).deliver(context);
    const n = accounts * regions - 1;
    const account = String(100_000_000_000 + accounts - 1);
    const region = `region-${regions - 1}`;
    const search = (q: string) => () => findResources(context, parseSearch(q, context.now()), { limit: 1 });
    const { id } = anInstance(n, { account, region });
    // What shows when a resource was last seen is the ledger's cost, measured apart.
    const shown = await readsOf(context, () => getResource(context, id));
    expect((await readsOf(context, search(`web-${n}`))) - shown).toBeLessThanOrEqual(1);
    expect((await readsOf(context, search(`tag:Name=web-${n}`))) - shown).toBeLessThanOrEqual(1);
    expect((await readsOf(context, search(id))) - shown).toBeLessThanOrEqual(0);
    expect(
      (await readsOf(context, search(`account:${account} region:${region} kind:instance`))) - shown,
    ).toBeLessThanOrEqual(4);
    expect(await readsOf(context, () => countResources(context, { account }, ["kind"]))).toBeLessThanOrEqual(1.5);
    expect(await readsOf(context, () => countResources(context, {}, ["region"]))).toBeLessThanOrEqual(1);
  });

  it("counts are exact by whatever they are asked for", async () => {
    const { context } = await createTestContext();
    await aRun(places(accounts, regions)).deliver(context);
    const all = accounts * regions;
    const sum = async (...of: Parameters<typeof countResources> extends [Context, ...infer R] ? R : never) =>
      (await countResources(context, ...of)).map((row) => row.count);
    const account = String(100_000_000_000);
    expect(await sum({}, [])).toEqual([all]);
    expect(await sum({ kind: "instance" }, [])).toEqual([all]);
    expect(await sum({ kind: "subnet" }, [])).toEqual([0]);
    expect(await sum({ status: "retired" }, [])).toEqual([0]);
    expect(await sum({}, ["account"])).toEqual(Array(accounts).fill(regions));
    expect(await sum({}, ["region", "status"])).toEqual(Array(regions).fill(accounts));
    expect(await sum({ account }, ["region"])).toEqual(Array(regions).fill(1));
    expect(await sum({ region: "region-0" }, ["account", "kind"])).toEqual(Array(accounts).fill(1));
    await expect(countResources(context, {}, ["account", "region"])).rejects.toMatchObject({ code: "query.invalid" });
    const { total } = await findResources(context, parseSearch(`account:${account}`, context.now()), { limit: 1 });
    expect(total).toBe(regions);
    expect(await findResources(context, parseSearch("name:web*", context.now()), { limit: 1 })).not.toHaveProperty(
      "total",
    );
    expect(await found(context, "region:region-0")).toHaveLength(accounts);
  });
});
