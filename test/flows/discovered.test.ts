import { newPrefixes } from "@cadastre/contract/addresses/allocation";
import { newIp } from "@cadastre/contract/addresses/ip";
import { newSpace } from "@cadastre/contract/addresses/space";
import { allocatePrefixes, previewPrefixes } from "@cadastre/core/addresses/allocation/allocate";
import { spacesConsumer } from "@cadastre/core/addresses/discovered/consumer";
import { importDiscovered, previewImport } from "@cadastre/core/addresses/discovered/import-by-people";
import { listDiscovered } from "@cadastre/core/addresses/discovered/list-discovered";
import { observeJob } from "@cadastre/core/addresses/discovered/observe-job";
import { ignoreDrift, resolveDrift } from "@cadastre/core/addresses/drift/decide-by-people";
import { listDrift } from "@cadastre/core/addresses/drift/list-drift";
import { createSpace, getSpace, replaceSpace } from "@cadastre/core/addresses/spaces/spaces";
import { createIp } from "@cadastre/core/addresses/tree/create-ip";
import { deleteIp } from "@cadastre/core/addresses/tree/delete-ip";
import { listIps } from "@cadastre/core/addresses/tree/list";
import { getIp } from "@cadastre/core/addresses/tree/read-ips";
import { readWindows } from "@cadastre/core/addresses/tree/read-windows";
import { replaceIp } from "@cadastre/core/addresses/tree/replace-ip";
import { anActorOf, auditRecords } from "@cadastre/core/audit/testing";
import { type Context, DEFAULT_HOLD_POLICY, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { runConsumers } from "@cadastre/core/feed/run-consumers";
import { prefixInterval, unionIntervals } from "@cadastre/net/interval";
import { parsePrefix } from "@cadastre/net/prefix";
import { openSqliteTable } from "@cadastre/store/sqlite";
import type { Table } from "@cadastre/store/table";
import { afterEach, describe, expect, it } from "vitest";
import { openDynamo } from "../store/open-dynamo.ts";
import { createClock } from "../support/context.ts";
import { Crash, crashAt } from "../support/crashing-table.ts";
import { ACCOUNT, aRun, type Raw, REPORTER } from "../support/estate.ts";
import { arnOf, aSubnet, aVpc, networksSeen } from "../support/networks.ts";
import { runJobs } from "../support/run-jobs.ts";

const PERSON = anActorOf("service-account", "sva_1");
const CLAIMING = { requireMayClaim: async () => undefined };
const OTHER = "444455556666";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const TABLES: Record<string, () => Promise<{ table: Table; now: () => Date; forward: (seconds: number) => void }>> = {
  SQLite: async () => {
    const clock = createClock();
    const table = openSqliteTable({ path: ":memory:", now: clock.now });
    closing.push(() => table.close());
    return { table, ...clock };
  },
  DynamoDB: async () => {
    const { table, clock, close } = await openDynamo();
    closing.push(close);
    return { table, now: clock.now, forward: clock.advance };
  },
};

/** A space of an account, with what it has, followed. */
async function aWorld(driver = "SQLite", said: object = {}) {
  const { table, now, forward } = await (TABLES[driver] as (typeof TABLES)[string])();
  const context: Context = {
    table,
    organization: FIRST_ORGANIZATION,
    now,
    holdPolicy: DEFAULT_HOLD_POLICY,
    retentionDays: 400,
  };
  const rules = [{ provider: "aws", account: ACCOUNT }];
  const space = (await createSpace(context, PERSON, newSpace.parse({ name: "prod", rules, ...said }), CLAIMING)).id;
  await runConsumers(context, [spacesConsumer]);
  const follow = () => runConsumers(context, [spacesConsumer]);
  return {
    context,
    space,
    forward,
    follow,
    /** A whole look at an account, and what follows from it. */
    async see(networks: readonly Raw[], subnets: readonly Raw[] = [], account = ACCOUNT) {
      forward(60);
      await aRun(networksSeen(networks, subnets, account)).deliver(context);
      await follow();
    },
    plan: (prefix: string, more: object = {}) => createIp(context, PERSON, space, newIp.parse({ prefix, ...more })),
    discovered: async () =>
      (await listDiscovered(context, space, { limit: 100 })).items.map(({ prefix, state }) => `${prefix} ${state}`),
    drift: async (state?: "open" | "resolved" | "ignored") =>
      (await listDrift(context, space, { limit: 100, state })).items
        .map(({ kind, prefix }) => `${kind} ${prefix}`)
        .sort(),
    ip: (id: string) => getIp(context, space, id),
    ids: async () => (await listDrift(context, space, { limit: 100 })).items,
  };
}
type World = Awaited<ReturnType<typeof aWorld>>;

const VPC = aVpc("vpc-1", ["10.0.0.0/16"], { name: "main" });
const SUBNETS = [aSubnet("subnet-1", "vpc-1", "10.0.1.0/24"), aSubnet("subnet-2", "vpc-1", "10.0.2.0/24")];
const ids = (...subnets: string[]) => ({
  externalIds: subnets.map((one) => (one.startsWith("vpc") ? arnOf("vpc", one) : one)),
});

describe.each(Object.keys(TABLES))("what the clouds have, over %s", (driver) => {
  it("is discovered, taken over, drifts and comes to rest", async () => {
    const world = await aWorld(driver);
    const { context, space } = world;
    await world.see([VPC], SUBNETS);
    expect(await world.discovered()).toEqual(["10.0.0.0/16 importable", "10.0.1.0/24 blocked", "10.0.2.0/24 blocked"]);
    expect(await world.drift("open")).toEqual([
      "unmanaged 10.0.0.0/16",
      "unmanaged 10.0.1.0/24",
      "unmanaged 10.0.2.0/24",
    ]);
    await expect(importDiscovered(context, PERSON, space, ids("subnet-1"))).rejects.toMatchObject({
      code: "discovered.refused",
    });
    const { items } = await importDiscovered(context, PERSON, space, ids("subnet-1", "vpc-1"));
    expect(items.map(({ prefix, state }) => `${prefix} ${state}`)).toEqual([
      "10.0.0.0/16 linked",
      "10.0.1.0/24 linked",
    ]);
    expect(await world.drift("open")).toEqual(["unmanaged 10.0.2.0/24"]);
    const [vpc, subnet] = await Promise.all(items.map(({ ip }) => world.ip(ip as string)));
    expect(vpc).toMatchObject({ source: "discovered", status: "container", name: "main", syncStatus: "synced" });
    expect(subnet).toMatchObject({
      parentId: vpc?.id,
      provider: "aws",
      externalId: arnOf("subnet", "subnet-1"),
      externalNetwork: arnOf("vpc", "vpc-1"),
      account: `aws/${ACCOUNT}`,
      region: "eu-west-1",
    });
    await world.see([aVpc("vpc-1", ["10.0.0.0/16"], { name: "renamed" })], SUBNETS.slice(1));
    expect(await world.drift("open")).toEqual([
      "name_differs 10.0.0.0/16",
      "orphaned 10.0.1.0/24",
      "unmanaged 10.0.2.0/24",
    ]);
    expect((await world.ip(subnet?.id as string)).syncStatus).toBe("orphaned");
    await world.see([VPC], SUBNETS);
    expect(await world.drift("open")).toEqual(["unmanaged 10.0.2.0/24"]);
    expect((await world.ip(subnet?.id as string)).syncStatus).toBe("synced");
  });

  it("is not allocated over, whoever planned around it, and free again when it is gone", async () => {
    const world = await aWorld(driver);
    const { context, space } = world;
    const root = await world.plan("10.0.0.0/8");
    await world.see([VPC], SUBNETS);
    const first = async () =>
      (await previewPrefixes(context, { space, id: root.id }, { prefixLength: 16, limit: 1 })).items;
    expect(await first()).toEqual([{ prefix: "10.1.0.0/16" }]);
    // A block is larger than what is planned inside it, which goes again.
    const inner = await world.plan("10.0.128.0/24");
    await deleteIp(context, PERSON, space, inner.id, {});
    expect(await first()).toEqual([{ prefix: "10.1.0.0/16" }]);
    const middle = await world.plan("10.0.0.0/12");
    await world.follow();
    const given = await allocatePrefixes(
      context,
      PERSON,
      { space, id: middle.id },
      newPrefixes.parse({ prefixLength: 16 }),
    );
    expect(given.items[0]?.prefix).toBe("10.1.0.0/16");
    await deleteIp(context, PERSON, space, middle.id, {});
    expect(await first()).toEqual([{ prefix: "10.2.0.0/16" }]);
    await world.see([aVpc("vpc-2", ["10.9.0.0/16"])], [aSubnet("subnet-3", "vpc-2", "10.9.0.0/24")]);
    expect(await first()).toEqual([{ prefix: "10.0.0.0/16" }]);
  });
});

describe("what is planned", () => {
  it("stands for what is seen at its prefix, whichever came first; a reservation is then fulfilled", async () => {
    const world = await aWorld();
    const reserved = await world.plan("10.0.0.0/16", { status: "reserved" });
    await world.see([VPC], SUBNETS);
    expect(await world.ip(reserved.id)).toMatchObject({ status: "active", syncStatus: "synced", externalId: VPC.id });
    const later = await world.plan("10.0.1.0/24");
    await world.follow();
    expect(await world.ip(later.id)).toMatchObject({ provider: "aws", externalId: SUBNETS[0]?.id });
    const records = (await auditRecords(world.context)).filter(({ action }) => action === "ip.sync");
    expect(records.map(({ actor, target }) => [actor, target])).toEqual([
      ["system", `${world.space}/${reserved.id}`],
      ["system", `${world.space}/${later.id}`],
    ]);
    await world.follow();
    expect((await auditRecords(world.context)).filter(({ action }) => action === "ip.sync")).toHaveLength(2);
  });

  it("is not fulfilled by a network that names another one, which is a mismatch until it is planned there", async () => {
    const world = await aWorld();
    const named = await world.plan("10.7.0.0/16", { status: "reserved" });
    const there = await world.plan("10.0.0.0/16", { status: "reserved" });
    await world.see([aVpc("vpc-1", ["10.0.0.0/16"], { tags: { "cadastre-reservation": named.id } })]);
    expect(await world.drift("open")).toEqual(["reservation_mismatch 10.0.0.0/16"]);
    expect((await world.ip(there.id)).status).toBe("reserved");
    expect((await world.ip(named.id)).status).toBe("reserved");
    await deleteIp(world.context, PERSON, world.space, there.id, {});
    const { version, status } = await world.ip(named.id);
    const moved = newIp.parse({ prefix: "10.0.0.0/16", status });
    await replaceIp(world.context, PERSON, world.space, named.id, moved, { version });
    await world.follow();
    expect(await world.drift("open")).toEqual([]);
    expect((await world.ip(named.id)).status).toBe("active");
  });

  it("inside a block makes that one's import a conflict, and the whole batch is refused", async () => {
    const world = await aWorld();
    const { context, space } = world;
    await world.plan("10.0.0.0/24");
    await world.see([aVpc("vpc-1", ["10.0.0.0/23"]), aVpc("vpc-2", ["10.3.0.0/16"])]);
    const preview = await previewImport(context, space, ids("vpc-1", "vpc-2"));
    expect(preview.items.map(({ prefix, state }) => `${prefix} ${state}`)).toEqual([
      "10.3.0.0/16 importable",
      "10.0.0.0/23 conflict",
    ]);
    await expect(importDiscovered(context, PERSON, space, ids("vpc-1", "vpc-2"))).rejects.toMatchObject({
      code: "discovered.refused",
      extra: { items: [{ prefix: "10.0.0.0/23", state: "conflict" }] },
    });
    expect(await world.discovered()).toEqual(["10.0.0.0/23 conflict", "10.3.0.0/16 importable"]);
    await expect(importDiscovered(context, PERSON, space, ids("vpc-9"))).rejects.toMatchObject({
      code: "request.invalid",
    });
  });

  it("says when the network that it stands for has another prefix, and when that one is gone", async () => {
    const world = await aWorld();
    const { id } = await world.plan("10.0.0.0/16");
    await world.see([VPC]);
    await world.see([aVpc("vpc-1", ["10.5.0.0/16"])]);
    expect(await world.drift("open")).toEqual(["prefix_changed 10.0.0.0/16", "unmanaged 10.5.0.0/16"]);
    expect((await world.ip(id)).syncStatus).toBe("drift");
    await world.see([aVpc("vpc-2", ["10.6.0.0/16"])]);
    expect(await world.drift("open")).toEqual(["orphaned 10.0.0.0/16", "unmanaged 10.6.0.0/16"]);
    await world.see([aVpc("vpc-3", ["10.0.0.0/16"]), aVpc("vpc-2", ["10.6.0.0/16"])]);
    expect(await world.drift("open")).toEqual(["unmanaged 10.6.0.0/16"]);
    expect(await world.ip(id)).toMatchObject({ syncStatus: "synced", externalId: arnOf("vpc", "vpc-3") });
  });
});

describe("drift", () => {
  it("that is ignored stays so while the evidence is the same, and is open again when it is another or the time is over", async () => {
    const world = await aWorld();
    const { context, space } = world;
    await world.plan("10.0.0.0/16", { name: "core" });
    await world.see([VPC]);
    const [first] = await world.ids();
    const where = { space, id: first?.id as string };
    await ignoreDrift(context, PERSON, where, { reason: "known" });
    await world.see([aVpc("vpc-1", ["10.0.0.0/16"], { name: "main", tags: { a: "b" } })]);
    expect(await world.drift("ignored")).toEqual(["name_differs 10.0.0.0/16"]);
    await world.see([aVpc("vpc-1", ["10.0.0.0/16"], { name: "other" })]);
    expect(await world.drift("open")).toEqual(["name_differs 10.0.0.0/16"]);
    const until = new Date(context.now().getTime() + 3_600_000).toISOString();
    await ignoreDrift(context, PERSON, where, { reason: "", until });
    expect(await world.drift("open")).toEqual([]);
    world.forward(3600);
    expect(await world.drift("open")).toEqual(["name_differs 10.0.0.0/16"]);
    await resolveDrift(context, PERSON, where, { reason: "renamed" });
    expect(await world.drift("resolved")).toEqual(["name_differs 10.0.0.0/16"]);
    await expect(resolveDrift(context, PERSON, where, { reason: "" })).rejects.toMatchObject({
      code: "drift.resolved",
    });
    const actions = (await auditRecords(context)).map(({ action }) => action).filter((one) => one.startsWith("drift"));
    expect(actions).toEqual(["drift.ignore", "drift.ignore", "drift.resolve"]);
  });

  it("is none where nobody looked: of a scope that failed, of what others have seen, of default networks", async () => {
    const world = await aWorld();
    const { id } = await world.plan("10.0.0.0/16");
    await world.see(
      [VPC, aVpc("vpc-d", ["172.31.0.0/16"], { isDefault: true })],
      [aSubnet("subnet-d", "vpc-d", "172.31.0.0/20")],
    );
    world.forward(60);
    const denied = networksSeen([], []).map((scope) => ({
      ...scope,
      status: "failed" as const,
      errors: [{ code: "denied" as const, message: "no" }],
    }));
    await aRun(denied).deliver(world.context);
    await world.follow();
    expect(await world.drift()).toEqual([]);
    expect((await world.ip(id)).syncStatus).toBe("synced");
    expect(await world.discovered()).toEqual([
      "10.0.0.0/16 linked",
      "172.31.0.0/16 importable",
      "172.31.0.0/20 blocked",
    ]);
    // A subnet that its owner shares is its owner's to confirm.
    const shared = aSubnet("subnet-9", "vpc-9", "10.44.0.0/24", { account: OTHER });
    const reporter = { ...REPORTER, name: "guest" };
    await aRun(
      [{ key: { provider: "aws", account: ACCOUNT, region: "eu-west-1", kind: "subnet" }, resources: [shared] }],
      {
        reporter,
      },
    ).deliver(world.context);
    const { version, rules: _, ...said } = await getSpace(world.context, world.space);
    const rules = [{ provider: "aws" as const }];
    await replaceSpace(world.context, PERSON, world.space, newSpace.parse({ name: said.name, rules }), {
      ...CLAIMING,
      version,
    });
    await runJobs(world.context, [observeJob]);
    await world.follow();
    expect(await world.discovered()).not.toContain("10.44.0.0/24 blocked");
    await world.see([], [shared], OTHER);
    await runJobs(world.context, [observeJob]);
    expect(await world.discovered()).not.toContain("10.44.0.0/24 importable");
  });

  it("tells who is inside whom, and who has the same prefix", async () => {
    const world = await aWorld();
    await world.plan("10.0.0.0/16");
    await world.plan("10.0.1.0/24");
    const inner = aVpc("vpc-2", ["10.0.1.0/24"]);
    await world.see([VPC, inner, aVpc("vpc-3", ["10.0.0.0/16"])]);
    expect(await world.drift("open")).toEqual([
      "duplicate 10.0.0.0/16",
      "duplicate 10.0.0.0/16",
      "outside_parent 10.0.1.0/24",
    ]);
    await world.see([VPC, inner]);
    expect(await world.drift("open")).toEqual(["outside_parent 10.0.1.0/24"]);
  });
});

describe("a space", () => {
  it("takes over by itself what it may, a network before its subnets, and nothing of default networks", async () => {
    const world = await aWorld("SQLite", { importPolicy: "automatic" });
    await world.see([VPC, aVpc("vpc-d", ["172.31.0.0/16"], { isDefault: true })], SUBNETS);
    expect(await world.discovered()).toEqual([
      "10.0.0.0/16 linked",
      "10.0.1.0/24 linked",
      "10.0.2.0/24 linked",
      "172.31.0.0/16 importable",
    ]);
    expect(await world.drift("open")).toEqual([]);
  });

  it("loses what its rules claim no more, and gets it again", async () => {
    const world = await aWorld();
    const { context, space } = world;
    const { id } = await world.plan("10.0.0.0/16");
    await world.see([VPC], SUBNETS);
    const change = async (rules: object[]) => {
      const { version } = await getSpace(context, space);
      await replaceSpace(context, PERSON, space, newSpace.parse({ name: "prod", rules }), { ...CLAIMING, version });
      await runJobs(context, [observeJob]);
    };
    await change([]);
    expect([await world.discovered(), await world.drift("open")]).toEqual([[], []]);
    expect((await world.ip(id)).syncStatus).toBeUndefined();
    await change([{ provider: "aws", account: ACCOUNT }]);
    expect(await world.discovered()).toEqual([
      "10.0.0.0/16 linked",
      "10.0.1.0/24 importable",
      "10.0.2.0/24 importable",
    ]);
  });
});

/** What of a world must be the same however it came about. */
async function stateOf({ context, space, discovered, ids: all }: World) {
  const windows = await readWindows(context.table, space, parsePrefix("10.0.0.0/8"));
  const drift = (await all()).map(({ kind, prefix, state, evidence }) => ({ kind, prefix, state, evidence }));
  drift.sort((one, other) => (`${one.prefix} ${one.kind}` < `${other.prefix} ${other.kind}` ? -1 : 1));
  const observed = unionIntervals(windows.flatMap(({ layers }) => layers.observed));
  return { observed, discovered: await discovered(), drift };
}

describe("who follows", () => {
  const LATER = [aVpc("vpc-1", ["10.0.0.0/16", "10.8.0.0/20"], { name: "other" })];

  async function begun() {
    const world = await aWorld("SQLite", { importPolicy: "automatic" });
    await world.plan("10.0.0.0/8");
    await world.plan("10.0.2.0/24", { status: "reserved" });
    await world.see([VPC, aVpc("vpc-2", ["10.5.0.0/16"])], SUBNETS);
    world.forward(60);
    await aRun(networksSeen(LATER, SUBNETS.slice(0, 1))).deliver(world.context);
    return world;
  }

  it("may die at any write, and in the end finds everything as if it had not", async () => {
    const whole = await begun();
    await whole.follow();
    const expected = await stateOf(whole);
    const blocks = ["10.0.0.0/16", "10.8.0.0/20"].map((one) => prefixInterval(parsePrefix(one)));
    expect(expected.observed).toEqual(unionIntervals(blocks));
    const world = await begun();
    let deaths = 0;
    for (let isOver = false; !isOver; ) {
      // Each life is one write long, so that it dies after every one of them.
      const dying = crashAt(world.context.table, 2);
      await runConsumers({ ...world.context, table: dying }, [spacesConsumer]).then(
        () => {
          isOver = true;
        },
        (error: unknown) => {
          if (!(error instanceof Crash)) throw error;
          deaths++;
        },
      );
    }
    expect(deaths).toBeGreaterThan(20);
    expect(await stateOf(world)).toEqual(expected);
  });

  it("and who plans, allocates and takes over, beside each other, put nothing on the same addresses", async () => {
    const world = await aWorld();
    const { context, space } = world;
    const root = await world.plan("10.0.0.0/12");
    const vpcs = Array.from({ length: 8 }, (_, n) => aVpc(`vpc-${n}`, [`10.${n}.0.0/16`]));
    world.forward(60);
    await aRun(networksSeen(vpcs, [])).deliver(context);
    const allocate = () =>
      allocatePrefixes(context, PERSON, { space, id: root.id }, newPrefixes.parse({ prefixLength: 16 })).then(
        ({ items }) => items.map(({ prefix }) => prefix),
        () => [],
      );
    const [first, ...others] = await Promise.all([
      Promise.all([allocate(), allocate(), allocate(), allocate()]),
      world.follow(),
      world.follow(),
      world.plan("10.0.0.0/14").catch(() => undefined),
    ]);
    expect(others).toHaveLength(3);
    await world.follow();
    const { items } = await listIps(context, space, {}, { limit: 100 });
    // What was given before the network was seen stands for it; nothing was given on it afterwards.
    const given = first.flat();
    expect(new Set(given).size).toBe(given.length);
    const stands = items.filter(({ prefix }) => given.includes(prefix));
    for (const one of stands)
      expect([one.prefix, one.syncStatus]).toEqual([
        one.prefix,
        Number(one.prefix.split(".")[1]) < 8 ? "synced" : undefined,
      ]);
    const unmanaged = (await world.drift("open")).filter((one) => one.startsWith("unmanaged"));
    expect(unmanaged).toHaveLength(8 - stands.filter(({ syncStatus }) => syncStatus === "synced").length);
    const free = await previewPrefixes(context, { space, id: root.id }, { prefixLength: 16, limit: 16 });
    for (const { prefix } of free.items) expect(Number(prefix.split(".")[1])).toBeGreaterThanOrEqual(8);
    const twice = await Promise.allSettled([1, 2, 3].map(() => importDiscovered(context, PERSON, space, ids("vpc-7"))));
    expect(twice.filter(({ status }) => status === "fulfilled").length).toBeGreaterThan(0);
    expect((await listIps(context, space, { prefix: "10.7.0.0/16" }, { limit: 9 })).items).toHaveLength(1);
  });
});
