import { idHash } from "@cadastre/contract/digest";
import { ConflictError } from "@cadastre/store/errors";
import { check, put, remove, type Write } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, anActor, auditRecords, type TestContext, withEmptyReplica } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { FEED_PARTITIONS, FeedItem } from "../feed/items.ts";
import { NONE_ENDED } from "../ledger/ended-sources.ts";
import { SourceItem } from "../ledger/items.ts";
import { IndexItem } from "../subjects/items.ts";
import { type ApplyOptions, applyChanges, GuardError } from "./apply.ts";
import { countListed } from "./counts.ts";
import { decideAbsence, decideObservation } from "./decide.ts";
import { resourceEntries } from "./entries.ts";
import { ResourceItem } from "./items.ts";

const ACCOUNT = "111122223333";
const idOf = (n: number) => `arn:aws:ec2:us-east-1:${ACCOUNT}:subnet/subnet-${n}`;
const hashOf = (n: number) => idHash("subnet", idOf(n));
const numbers = new Map(Array.from({ length: 300 }, (_, n) => [hashOf(n), n]));
const SCOPE = { provider: "aws", account: ACCOUNT, region: "us-east-1", kind: "subnet" } as const;
const LOOK = { source: "s", scope: SCOPE, run: "run_1", actor: "collector:col_1", at: "2026-03-01T00:00:00.000Z" };
const some = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => hashOf(from + at));

/** Decides that each resource is there, with these tags, which are what it is found by. */
const seen =
  (tags: Record<string, string> = {}): ApplyOptions["decide"] =>
  (hash, stored) => {
    const n = numbers.get(hash) as number;
    const resource = {
      id: idOf(n),
      name: `subnet ${n}`,
      tags,
      attributes: {
        subnetId: `subnet-${n}`,
        network: `arn:aws:ec2:us-east-1:${ACCOUNT}:vpc/vpc-1`,
        blocks: [{ prefix: `10.0.${n % 256}.0/24`, state: "associated" }],
      },
    };
    return decideObservation(stored, { ...LOOK, idHash: hash, contentHash: JSON.stringify(tags), resource });
  };

const apply = (context: Context, idHashes: readonly string[], more: Partial<ApplyOptions> = {}) =>
  applyChanges(context, {
    actor: anActor,
    idHashes,
    decide: seen(),
    guard: [],
    finish: () => ({ writes: [] }),
    ...more,
  });

const GUARD = { source: "guard" };
const guarded = (is: "present" | "absent" = "present") => [check(SourceItem, GUARD, is)];
const aMark = (source: string): Write => put(SourceItem, { source, firstSeenAt: LOOK.at });
const isMarked = async (context: Context, source: string) =>
  (await context.table.get(SourceItem, { source }, { consistent: true })) !== undefined;
const stored = async (context: Context, hash: string) =>
  context.table.get(ResourceItem, { idHash: hash }, { consistent: true });
const activeCount = (context: Context) => countListed(context, { kind: "subnet" });

/** The index of a resource is exactly what the resource says. */
async function expectIndexed(context: Context, hash: string): Promise<void> {
  const resource = (await stored(context, hash)) as ResourceItem;
  for (const entry of resourceEntries(resource))
    expect(await context.table.get(IndexItem, entry, { consistent: true }), entry.s).toBeDefined();
}

/** What happens just before the commits that write resources, each time with the number of it. */
function before(context: TestContext, happen: (count: number) => Promise<unknown>): Context {
  let count = 0;
  const commit: typeof context.table.commit = async (writes) => {
    if (writes.some(({ entity, op }) => entity === ResourceItem && op !== "check")) await happen(++count);
    return context.table.commit(writes);
  };
  return { ...context, table: { ...context.table, commit } };
}

/** The commits of a context, as they are made. */
function watched(context: TestContext): { context: Context; commits: (readonly Write[])[] } {
  const commits: (readonly Write[])[] = [];
  const commit: typeof context.table.commit = (writes) => {
    commits.push(writes);
    return context.table.commit(writes);
  };
  return { context: { ...context, table: { ...context.table, commit } }, commits };
}

/** A context whose first commit is refused because one of its items was busy. */
function busyAt(context: TestContext, place: (writes: readonly Write[]) => number): Context {
  let count = 0;
  const commit: typeof context.table.commit = (writes) => {
    if (count++ > 0) return context.table.commit(writes);
    return Promise.reject(new ConflictError([{ index: place(writes), reason: "busy" }]));
  };
  return { ...context, table: { ...context.table, commit } };
}

async function feedOf(context: Context): Promise<FeedItem[]> {
  const pages = await Promise.all(FEED_PARTITIONS.map((partition) => context.table.query(FeedItem, { partition })));
  return pages.flatMap(({ items }) => items);
}

describe("the guard of changes", () => {
  it("is in every commit: when it does not hold nothing is written, and the caller is told that it is the guard", async () => {
    const context = aContext();
    await expect(apply(context, some(0, 100), { guard: guarded() })).rejects.toThrow(GuardError);
    expect(await activeCount(context)).toBe(0);
    for (const hash of some(0, 100)) expect(await stored(context, hash)).toBeUndefined();
  });

  it("that is lost in the middle lets nothing more be written, neither changes nor what ends them", async () => {
    const context = aContext();
    await context.table.commit([aMark("guard")]);
    const late = before(context, async (count) => {
      if (count === 2) await context.table.commit([remove(SourceItem, GUARD)]);
    });
    const finish = () => ({ writes: [aMark("end")] });
    await expect(apply(late, some(0, 150), { guard: guarded(), finish })).rejects.toThrow(GuardError);
    const there = (await Promise.all(some(0, 150).map((hash) => stored(context, hash)))).filter(Boolean);
    expect(there.length).toBeGreaterThan(0);
    expect(there.length).toBeLessThan(100);
    expect(await activeCount(context)).toBe(there.length);
    expect(await isMarked(context, "end")).toBe(false);
  });

  it("counts for what ends no changes at all, too", async () => {
    const context = aContext();
    const finish = () => ({ writes: [aMark("end")], entry: { action: "discovery.shard" as const, target: "x" } });
    await expect(apply(context, [], { guard: guarded(), finish })).rejects.toThrow(GuardError);
    expect([await isMarked(context, "end"), await auditRecords(context)]).toEqual([false, []]);
    await context.table.commit([aMark("guard")]);
    expect(await apply(context, [], { guard: guarded(), finish })).toEqual({ created: 0, updated: 0, retired: 0 });
    expect(await isMarked(context, "end")).toBe(true);
    expect(await auditRecords(context)).toMatchObject([{ action: "discovery.shard", target: "x" }]);
  });
});

describe("what was only busy", () => {
  const finish = () => ({ writes: [aMark("end")] });
  it.each<[string, (writes: readonly Write[]) => number]>([
    ["the guard", () => 0],
    ["a resource", () => 1],
    ["what ends the changes", (writes) => writes.length - 1],
  ])("is tried again, whether it is %s: nothing of it was refused", async (_, place) => {
    const context = aContext();
    await context.table.commit([aMark("guard")]);
    const done = await apply(busyAt(context, place), some(0, 3), { guard: guarded(), finish });
    expect(done).toEqual({ created: 3, updated: 0, retired: 0 });
    expect(await isMarked(context, "end")).toBe(true);
  });
});

describe("what ends changes", () => {
  it("is in the commit of the last of them, and knows what all of them did", async () => {
    const context = aContext();
    const { context: own, commits } = watched(context);
    const known: unknown[] = [];
    const finish: ApplyOptions["finish"] = (counts) => {
      known.push({ ...counts });
      return { writes: [aMark("end")], entry: { action: "discovery.shard" as const, target: "x" } };
    };
    expect(await apply(own, some(0, 120), { finish })).toEqual({ created: 120, updated: 0, retired: 0 });
    expect(known).toEqual([{ created: 120, updated: 0, retired: 0 }]);
    expect(commits.length).toBeGreaterThan(2);
    const ends = commits.filter((writes) => writes.some(({ entity }) => entity === SourceItem));
    expect(ends).toEqual([commits.at(-1)]);
    expect(commits.at(-1)?.some(({ entity }) => entity === ResourceItem)).toBe(true);
    for (const writes of commits) expect(writes.length).toBeLessThanOrEqual(100);
    expect(await activeCount(context)).toBe(120);
  });

  it("has room for a write and its record beside as many changes as a commit takes", async () => {
    for (let count = 90; count < 100; count++) {
      const { context, commits } = watched(aContext());
      const finish = () => ({ writes: [aMark("end")], entry: { action: "discovery.shard" as const, target: "x" } });
      expect(await apply(context, some(0, count), { finish })).toMatchObject({ created: count });
      for (const writes of commits) expect(writes.length).toBeLessThan(100);
      expect(commits.at(-1)?.some(({ entity }) => entity === ResourceItem)).toBe(true);
    }
  });

  it("is told before by a step in each commit that others follow, which knows what is left", async () => {
    const { context, commits } = watched(aContext());
    const lefts: number[] = [];
    const step = async (left: ReadonlySet<string>) => {
      lefts.push(left.size);
      expect(left.has(hashOf(119))).toBe(true);
      return aMark(`step ${lefts.length}`);
    };
    await apply(context, some(0, 120), { step, finish: () => ({ writes: [aMark("end")] }) });
    const changes = commits.map((writes) => writes.filter(({ entity }) => entity === ResourceItem).length);
    expect(lefts).toEqual(changes.slice(0, -1).map((_, at) => 120 - changes.slice(0, at + 1).reduce((a, b) => a + b)));
    const steps = commits.map((writes) => writes.filter(({ entity }) => entity === SourceItem).length);
    expect(steps).toEqual(commits.map(() => 1));
  });

  it("follows a step that knows as left what another writer was faster with", async () => {
    const context = aContext();
    const late = before(context, async (count) => {
      if (count === 1) await apply(context, some(0, 1));
    });
    const first: boolean[] = [];
    const step = async (left: ReadonlySet<string>) => {
      first.push(left.has(hashOf(0)));
      return aMark(`step ${first.length}`);
    };
    expect(await apply(late, some(0, 120), { step })).toMatchObject({ created: 119 });
    expect(first.slice(0, 2)).toEqual([false, true]);
  });

  it("waits until all changes are made, when one of several commits meets another writer; those are decided anew alone", async () => {
    const context = aContext();
    const { context: own, commits } = watched(context);
    const late = before(own as TestContext, async (count) => {
      if (count === 1) await apply(context, some(0, 1));
    });
    const decided: string[] = [];
    const decide: ApplyOptions["decide"] = (hash, item) => {
      decided.push(hash);
      return seen()(hash, item, NONE_ENDED);
    };
    const finish = () => ({ writes: [aMark("end")] });
    const done = await apply(late, some(0, 250), { decide, finish });
    expect(done).toEqual({ created: 249, updated: 0, retired: 0 });
    expect(await activeCount(context)).toBe(250);
    const ends = commits.filter((writes) => writes.some(({ entity }) => entity === SourceItem));
    expect(ends).toEqual([commits.at(-1)]);
    // All once, and those of the commit that was refused once more.
    const again = decided.slice(250);
    expect(again[0]).toBe(hashOf(0));
    expect(again.length).toBeLessThan(100);
  });

  it("is no commit when there is nothing to end and nothing to change", async () => {
    const { context, commits } = watched(aContext());
    expect(await apply(context, [], { guard: guarded() })).toEqual({ created: 0, updated: 0, retired: 0 });
    expect(commits).toEqual([]);
  });

  it("that is refused is the caller's to decide anew, and its changes are not written", async () => {
    const context = aContext();
    let times = 0;
    const finish = () => {
      times++;
      return { writes: [check(SourceItem, { source: "end" }, "present")] };
    };
    const refused = apply(context, some(0, 3), { finish });
    await expect(refused).rejects.toThrow(ConflictError);
    await expect(refused).rejects.toMatchObject({ refusals: [{ reason: "check" }] });
    expect(times).toBe(1);
    expect(await activeCount(context)).toBe(0);
  });
});

describe("the guard, or what ends changes, that is refused together with a change", () => {
  it("is what counts", async () => {
    const context = aContext();
    const meanwhile = () =>
      before(context, async (count) => {
        if (count === 1) await apply(context, some(0, 1), { decide: seen({ by: "faster" }) });
      });
    const options = { decide: seen({ by: "slower" }) };
    await expect(apply(meanwhile(), some(0, 2), { ...options, guard: guarded() })).rejects.toThrow(GuardError);
    const finish = () => ({ writes: [check(SourceItem, { source: "end" }, "present")] });
    await context.table.commit([aMark("other")]);
    const refused = apply(meanwhile(), some(1, 3), { ...options, finish });
    await expect(refused).rejects.toThrow(ConflictError);
  });
});

describe("another writer of a resource", () => {
  it("that was faster is not written over: what becomes of the resource is decided anew, and counted as it became", async () => {
    const context = aContext();
    await apply(context, some(0, 2));
    const late = before(context, async (count) => {
      if (count === 1) await apply(context, some(0, 1), { decide: seen({ by: "faster" }) });
    });
    const done = await apply(late, some(0, 2), { decide: seen({ by: "faster" }) });
    expect(done).toEqual({ created: 0, updated: 1, retired: 0 });
    expect((await stored(context, hashOf(0)))?.sequence).toBe(2);
    expect((await stored(context, hashOf(1)))?.sequence).toBe(2);
  });

  it("that made it first leaves the other to see that it is there, and it is counted once", async () => {
    const context = aContext();
    const late = before(context, async (count) => {
      if (count === 1) await apply(context, some(0, 1));
    });
    expect(await apply(late, some(0, 3))).toEqual({ created: 2, updated: 0, retired: 0 });
    expect(await activeCount(context)).toBe(3);
  });

  it("that is always faster ends it as a conflict, after eight times", async () => {
    const context = aContext();
    let times = 0;
    const late = before(context, async () => {
      times++;
      await apply(context, some(0, 1), { decide: seen({ n: String(times) }) });
    });
    const refused = apply(late, some(0, 1), { decide: seen({ n: "mine" }) });
    await expect(refused).rejects.toMatchObject({ refusals: [{ reason: "busy" }] });
    expect(times).toBe(8);
  });

  it("that was just there is seen, however far replicas are behind: that there is nothing to change rests on no old state", async () => {
    const context = aContext();
    await apply(context, some(0, 1));
    const absent: ApplyOptions["decide"] = (_, item) => decideAbsence(item, { ...LOOK, run: "run_2" });
    const done = await apply(withEmptyReplica(context), some(0, 1), { decide: absent });
    expect(done).toEqual({ created: 0, updated: 0, retired: 1 });
  });

  it("does not make a failure of the table its own", async () => {
    const context = aContext();
    const late = before(context, () => Promise.reject(new Error("table is down")));
    await expect(apply(late, some(0, 1))).rejects.toThrow("table is down");
  });
});

describe("a resource that changed", () => {
  it("is found by what it is and no longer by what it was, however many entries come and go", async () => {
    const context = aContext();
    const many = Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`key${n}`, `old value ${n}`]));
    await apply(context, some(0, 1), { decide: seen(many) });
    const old = resourceEntries((await stored(context, hashOf(0))) as ResourceItem);
    await expectIndexed(context, hashOf(0));
    const next = Object.fromEntries(Object.keys(many).map((key, n) => [key, `new value ${n}`]));
    expect(await apply(context, some(0, 1), { decide: seen(next) })).toEqual({ created: 0, updated: 1, retired: 0 });
    await expectIndexed(context, hashOf(0));
    const kept = new Set(resourceEntries((await stored(context, hashOf(0))) as ResourceItem).map(({ p, s }) => p + s));
    for (const entry of old.filter(({ p, s }) => !kept.has(p + s)))
      expect(await context.table.get(IndexItem, entry, { consistent: true }), entry.s).toBeUndefined();
  });

  it("changes in one commit with its index as long as that fits, and never in one that is too large", async () => {
    for (let count = 36; count < 50; count++) {
      const context = aContext();
      const tags = Object.fromEntries(Array.from({ length: count }, (_, n) => [`key${n}`, `value ${n}`]));
      await apply(context, some(0, 1), { decide: seen(tags) });
      const { context: own, commits } = watched(context);
      const absent: ApplyOptions["decide"] = (_, item) => decideAbsence(item, { ...LOOK, run: "run_2" });
      expect(await apply(own, some(0, 1), { decide: absent })).toEqual({ created: 0, updated: 0, retired: 1 });
      const indexed = commits.flat().filter(({ entity }) => entity === IndexItem);
      expect(indexed.length === 0 || indexed.length > 2 * count).toBe(true);
      if (count === 36) expect(indexed.length).toBeGreaterThan(0);
      if (count === 49) expect(indexed).toEqual([]);
      await expectIndexed(context, hashOf(0));
      expect(await countListed(context, { status: "retired" })).toBe(1);
    }
  });

  it("is counted where it now is, as retired and as returned", async () => {
    const context = aContext();
    await apply(context, some(0, 5));
    const absent: ApplyOptions["decide"] = (_, item) => decideAbsence(item, { ...LOOK, run: "run_2" });
    expect(await apply(context, some(0, 2), { decide: absent })).toEqual({ created: 0, updated: 0, retired: 2 });
    expect(await activeCount(context)).toBe(3);
    expect(await apply(context, some(0, 1))).toEqual({ created: 1, updated: 0, retired: 0 });
    expect(await activeCount(context)).toBe(4);
    expect(await countListed(context, { status: "retired" })).toBe(1);
  });
});

describe("what is told of a resource", () => {
  it("is each change with its place, and nothing of who else sees it", async () => {
    const context = aContext();
    const elsewhere: ApplyOptions["decide"] = (hash, item) => {
      const change = seen()(hash, undefined, NONE_ENDED);
      if (!change) return undefined;
      const { name, tags, attributes, id, contentHash } = change.after;
      return decideObservation(item, {
        ...LOOK,
        source: "t",
        idHash: hash,
        contentHash,
        resource: { id, name, tags, attributes },
      });
    };
    await apply(context, some(0, 1));
    await apply(context, some(0, 1), { decide: elsewhere });
    expect((await stored(context, hashOf(0)))?.claims).toHaveLength(2);
    const place = { kind: "subnet", provider: "aws", account: ACCOUNT, region: "us-east-1" };
    const network = `arn:aws:ec2:us-east-1:${ACCOUNT}:vpc/vpc-1`;
    expect(await feedOf(context)).toMatchObject([{ type: "created", id: idOf(0), ...place, network }]);
  });
});
