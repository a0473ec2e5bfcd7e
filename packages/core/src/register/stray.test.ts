import { put } from "@cadastre/store/table";
import { expect, it } from "vitest";
import { aContext, withEmptyReplica } from "../audit/testing.ts";
import type { IndexEntry } from "../subjects/items.ts";
import { IndexItem } from "../subjects/items.ts";
import { decideObservation } from "./decide.ts";
import { resourceEntries } from "./entries.ts";
import { ResourceItem } from "./items.ts";
import { removeStray } from "./stray.ts";

const SCOPE = { provider: "aws", account: "111122223333", region: "us-east-1", kind: "subnet" } as const;
const aSubnet = (env: string, tags: Record<string, string> = {}) =>
  decideObservation(undefined, {
    source: "s",
    scope: SCOPE,
    run: "run_1",
    actor: "collector:col_1",
    at: "2026-03-01T00:00:00.000Z",
    idHash: "aa",
    contentHash: env,
    resource: {
      id: "arn:aws:ec2:us-east-1:111122223333:subnet/subnet-1",
      name: "a",
      tags: { env, ...tags },
      attributes: { subnetId: "subnet-1", network: "arn:aws:ec2:us-east-1:111122223333:vpc/vpc-1", blocks: [] },
    },
  })?.after as ResourceItem;

const LOADED = resourceEntries(aSubnet("test"));
const STAYS = resourceEntries(aSubnet("prod"));

async function loaded(stored: ResourceItem | undefined) {
  const context = aContext();
  await context.table.load([...LOADED, ...STAYS].map((entry) => put(IndexItem, entry)));
  if (stored) await context.table.commit([put(ResourceItem, stored)]);
  const left = async (entries: readonly IndexEntry[]) =>
    (await context.table.getMany(IndexItem, entries, { consistent: true })).filter(Boolean).length;
  return { context, left };
}
const STRAY = LOADED.filter(({ p, s }) => !STAYS.some((entry) => entry.p === p && entry.s === s));

it("entries that were loaded for what a resource did not become are removed, and those of what it is stay", async () => {
  const { context, left } = await loaded(aSubnet("prod"));
  expect(STRAY.length).toBeGreaterThan(0);
  await removeStray(withEmptyReplica(context), [{ idHash: "aa", entries: LOADED }]);
  expect(await left(STRAY)).toBe(0);
  expect(await left(STAYS)).toBe(STAYS.length);
});

it("more of them than one commit takes are removed as far as it takes them, and nothing else is written", async () => {
  const { context } = await loaded(aSubnet("prod"));
  const many = resourceEntries(
    aSubnet("test", Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`key${n}`, `value ${n}`]))),
  );
  const ops: string[][] = [];
  const commit: typeof context.table.commit = async (writes) => {
    ops.push(writes.map(({ op }) => op));
    return context.table.commit(writes);
  };
  const some = many.filter(({ p, s }) => !STAYS.some((entry) => entry.p === p && entry.s === s));
  await removeStray({ ...context, table: { ...context.table, commit } }, [{ idHash: "aa", entries: some }]);
  expect(ops).toEqual([["check", ...Array.from({ length: 99 }, () => "remove")]]);
});

it("nothing is written where nothing is stray, and nothing is taken of what is not there", async () => {
  const { context } = await loaded(aSubnet("test"));
  const { units } = await context.table.meter.measure(() => removeStray(context, [{ idHash: "aa", entries: LOADED }]));
  expect(units.write).toBe(0);
  const absent = await loaded(undefined);
  await removeStray(absent.context, [{ idHash: "aa", entries: LOADED }]);
  expect(await absent.left(LOADED)).toBe(LOADED.length);
});

it("entries of a resource that changes meanwhile stay: they may be what it has become", async () => {
  const { context, left } = await loaded(aSubnet("prod"));
  const commit: typeof context.table.commit = async (writes) => {
    await context.table.commit([put(ResourceItem, aSubnet("test"))]);
    return context.table.commit(writes);
  };
  await removeStray({ ...context, table: { ...context.table, commit } }, [{ idHash: "aa", entries: LOADED }]);
  expect(await left(LOADED)).toBe(LOADED.length);
});

it("a table that fails is not taken for a resource that changed", async () => {
  const { context } = await loaded(aSubnet("prod"));
  const table = { ...context.table, commit: () => Promise.reject(new Error("table is down")) };
  await expect(removeStray({ ...context, table }, [{ idHash: "aa", entries: LOADED }])).rejects.toThrow("is down");
});
