import { scopeName } from "@cadastre/contract/scope";
import type { Context } from "@cadastre/core/context";
import { type Edit, setOf } from "@cadastre/core/ledger/entry";
import { readCompleteTimes } from "@cadastre/core/ledger/read";
import { editLedger } from "@cadastre/core/ledger/write";
import { getResource } from "@cadastre/core/register/resources";
import { findResources } from "@cadastre/core/register/search";
import { parseSearch } from "@cadastre/core/subjects/parse-search";
import { whoseAddress } from "@cadastre/core/whose/whose";
import type { Table, Units } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { ACCOUNT, anInstance, aRun, instanceScope, type Raw, REPORTER, type SeenScope } from "../support/estate.ts";
import { tableWith } from "../support/table-with.ts";

/** Each signed request reads the collector strongly and writes a nonce: measured with the routes, added here by the design. */
const SIGNED_REQUEST = { read: 1, write: 1 };

function anEstate(resources: number, scopes: number, make: (n: number, region: string) => Raw): SeenScope[] {
  const each = resources / scopes;
  return Array.from({ length: scopes }, (_, s) => {
    const region = `region-${s}`;
    return {
      key: instanceScope({ region }),
      resources: Array.from({ length: each }, (_, n) => make(s * each + n, region)),
    };
  });
}

/** An elastic address: as small as resources get, so that many of them are made quickly. */
const anAddress = (n: number, region: string): Raw => ({
  id: `arn:aws:ec2:${region}:${ACCOUNT}:elastic-ip/eipalloc-${n.toString(16).padStart(17, "0")}`,
  name: "",
  tags: {},
  attributes: { type: "external", address: `52.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}` },
});

async function unitsOf(
  context: Context,
  scopes: readonly SeenScope[],
): Promise<{ units: Units; state: string; updated: number }> {
  const { result, units } = await context.table.meter.measure(() => aRun(scopes).deliver(context));
  const requests = result.opened.state === "unchanged" ? 1 : 2 + result.uploads;
  return {
    units: { read: units.read + requests * SIGNED_REQUEST.read, write: units.write + requests * SIGNED_REQUEST.write },
    state: result.opened.state,
    updated: result.completed?.totals.updated ?? 0,
  };
}

describe.each([1, 500])("an estate of 10,000 resources in %i scopes", (scopes) => {
  it("costs at most 3 read and 3 write units when nothing changed, and 60 in all when one resource did", async () => {
    const { context } = await createTestContext();
    const region = (n: number) => `region-${Math.floor(n / (10_000 / scopes))}`;
    const estate = anEstate(10_000, scopes, (n) => anInstance(n, { region: region(n) }));
    await aRun(estate).deliver(context);
    const unchanged = await unitsOf(context, estate);
    expect(unchanged.state).toBe("unchanged");
    expect(unchanged.units.read).toBeLessThanOrEqual(3);
    expect(unchanged.units.write).toBeLessThanOrEqual(3);
    const changed = anEstate(10_000, scopes, (n) =>
      anInstance(n, { region: region(n), ...(n === 4321 ? { state: "stopped" } : {}) }),
    );
    const one = await unitsOf(context, changed);
    expect(one.updated).toBe(1);
    expect(one.units.read + one.units.write).toBeLessThanOrEqual(60);
    expect((await unitsOf(context, changed)).units.write).toBeLessThanOrEqual(3);
  });
});

describe("an estate of 100,000 resources in 1,000 scopes", () => {
  it("costs at most 3 read and 3 write units when nothing changed", { timeout: 300_000 }, async () => {
    const { context } = await createTestContext();
    const estate = anEstate(100_000, 1000, anAddress).map((scope) => ({
      ...scope,
      key: { ...scope.key, kind: "address" as const },
    }));
    await aRun(estate).deliver(context);
    const unchanged = await unitsOf(context, estate);
    expect(unchanged.state).toBe("unchanged");
    expect(unchanged.units.read).toBeLessThanOrEqual(3);
    expect(unchanged.units.write).toBeLessThanOrEqual(3);
  });
});

/** The ledger of a source with so many scopes, as it is when all of them were seen whole with those of the run. */
async function seedLedger(context: Context, run: readonly SeenScope[], scopes: number): Promise<void> {
  const names = Array.from({ length: scopes - run.length }, (_, n) => {
    return scopeName(
      instanceScope({ account: String(200_000_000_000 + Math.floor(n / 40)), region: `region-${n % 40}` }),
    );
  });
  const set = setOf(run.map(({ key }) => scopeName(key)));
  const at = context.now().getTime();
  const edits = names.map((name): [string, Edit] => {
    return [name, () => ({ name, digest: "0".repeat(32), generation: 1, set, status: "complete", completeAt: at })];
  });
  await context.table.commit(await editLedger(context, REPORTER.name, new Map(edits), { set, at, isReported: true }));
}

describe.each([2, 500, 2000, 20_000])("a source with %i scopes", (scopes) => {
  it("costs the same to read one resource of, or to search for an address: when it was last seen at most 2 units", async () => {
    const { context } = await createTestContext();
    const seen: SeenScope[] = [
      { key: instanceScope(), resources: [anInstance(1)] },
      { key: instanceScope({ region: "us-west-2" }), resources: [] },
    ];
    await aRun(seen).deliver(context);
    await seedLedger(context, seen, scopes);
    const { id } = anInstance(1);
    const claims = [{ source: REPORTER.name, scope: scopeName(instanceScope()) }];
    const measure = <T>(work: () => Promise<T>) => context.table.meter.measure(work);
    const times = await measure(() => readCompleteTimes(context, claims));
    expect(times.units.read).toBeLessThanOrEqual(2);
    expect(times.units.write).toBe(0);
    const one = await measure(() => getResource(context, id));
    expect(one.result.lastSeenAt).toBe(context.now().toISOString());
    expect(one.units.read).toBeLessThanOrEqual(6);
    const search = await measure(() =>
      findResources(context, parseSearch("ip:10.0.0.1", context.now()), { limit: 10 }),
    );
    expect(search.result.items.map((item) => item.id)).toEqual([id]);
    expect(search.units.read).toBeLessThanOrEqual(6);
    const whose = await measure(() => whoseAddress(context, "10.0.0.1", { readsAccounts: true }));
    expect(whose.result.items[0]?.chain.at(-1)?.id).toBe(id);
    expect(whose.units.read).toBeLessThanOrEqual(6);
  });
});

/** A table whose operations all wait for the same round trip; `rounds` counts how many there were, one after the other. */
function roundTrips(table: Table): Table & { rounds(): number } {
  let rounds = 0;
  let current: Promise<void> | undefined;
  const trip = () => {
    current ??= new Promise((resolve) => {
      setImmediate(() => {
        rounds++;
        current = undefined;
        resolve();
      });
    });
    return current;
  };
  const waiting = tableWith(table, {
    get: (entity, key, options) => trip().then(() => table.get(entity, key, options)),
    getMany: (entity, keys, options) => trip().then(() => table.getMany(entity, keys, options)),
    query: (entity, query) => trip().then(() => table.query(entity, query)),
    commit: (writes) => trip().then(() => table.commit(writes)),
    load: (writes) => trip().then(() => table.load(writes)),
  });
  return { ...waiting, rounds: () => rounds };
}

describe("a run of 20,000 scopes", { timeout: 300_000 }, () => {
  const SECONDS_A_ROUND = 0.015;
  const run = (status: "failed" | "skipped") =>
    aRun(
      Array.from({ length: 20_000 }, (_, n) => ({
        key: instanceScope({ account: String(200_000_000_000 + Math.floor(n / 40)), region: `region-${n % 40}` }),
        status,
        resources: [],
      })),
    );

  it("is opened, completed and opened changed within 5 s of round trips of 15 ms, and unchanged costs what one scope does", async () => {
    const { context } = await createTestContext();
    const seconds = async (work: (slow: Context) => Promise<unknown>) => {
      const table = roundTrips(context.table);
      await work({ ...context, table });
      return table.rounds() * SECONDS_A_ROUND;
    };
    const first = run("skipped");
    expect(await seconds((slow) => first.open(slow))).toBeLessThan(5);
    expect(await seconds((slow) => first.complete(slow))).toBeLessThan(5);
    const unchanged = await context.table.meter.measure(() => run("skipped").open(context));
    expect(unchanged.result.state).toBe("unchanged");
    expect(unchanged.units.read + SIGNED_REQUEST.read).toBeLessThanOrEqual(3);
    expect(unchanged.units.write + SIGNED_REQUEST.write).toBeLessThanOrEqual(3);
    expect(await seconds((slow) => run("failed").open(slow))).toBeLessThan(5);
  });
});
