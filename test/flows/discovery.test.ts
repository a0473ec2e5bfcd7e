import { newId } from "@cadastre/contract/ids";
import { anActorOf } from "@cadastre/core/audit/testing";
import { actorName } from "@cadastre/core/context";
import { deliver } from "@cadastre/core/discovery/deliver";
import { approveHold, listHolds, rejectHold } from "@cadastre/core/discovery/holds";
import { listHistory } from "@cadastre/core/register/history";
import { annotateResource, getResource } from "@cadastre/core/register/resources";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import {
  ACCOUNT,
  ACTOR,
  anInstance,
  aRun,
  instanceScope,
  type Raw,
  REPORTER,
  type SeenScope,
} from "../support/estate.ts";
import { found, historyTypes, scopesByName } from "../support/register.ts";
import { runJobs } from "../support/run-jobs.ts";

const OPERATOR = anActorOf("token", "tok_1", "req_2");
const EAST = instanceScope();
const WEST = instanceScope({ region: "us-west-2" });
const many = (count: number, more: Parameters<typeof anInstance>[1] = {}): Raw[] =>
  Array.from({ length: count }, (_, n) => anInstance(n, more));
const scope = (resources: readonly Raw[], more: Partial<SeenScope> = {}): SeenScope => ({
  key: EAST,
  resources,
  ...more,
});

describe("what a complete scope no longer has", () => {
  it("is retired with its history, and comes back with it", async () => {
    const { context, clock } = await createTestContext();
    const all = many(20);
    await aRun([scope(all)]).deliver(context);
    clock.forward(60);
    const { completed } = await aRun([scope(all.slice(1))]).deliver(context);
    expect(completed?.totals).toMatchObject({ resources: 19, created: 0, updated: 0, unchanged: 19, retired: 1 });
    const gone = all[0] as Raw;
    expect(await getResource(context, gone.id)).toMatchObject({
      status: "retired",
      retiredAt: "2026-03-01T00:01:00.000Z",
    });
    expect(await found(context, "ip:10.0.0.0")).toEqual([]);
    expect(await found(context, "ip:10.0.0.0 status:retired")).toEqual([gone.id]);
    await aRun([scope(all)]).deliver(context);
    expect(await getResource(context, gone.id)).toMatchObject({ status: "active" });
    expect(await historyTypes(context, gone.id)).toEqual(["created", "retired", "returned"]);
    expect(await found(context, "ip:10.0.0.0")).toEqual([gone.id]);
  });

  it.each(["partial", "failed", "skipped"] as const)("stays when the scope is %s", async (status) => {
    const { context } = await createTestContext();
    const all = many(20);
    await aRun([scope(all)]).deliver(context);
    const resources = status === "partial" ? all.slice(0, 3) : [];
    const { completed } = await aRun([
      scope(resources, { status, errors: [{ code: "denied", message: "no" }] }),
    ]).deliver(context);
    expect(completed?.totals.retired).toBe(0);
    expect(await found(context, "kind:instance")).toHaveLength(20);
    const state = (await scopesByName(context)).get("aws/111122223333/us-east-1/instance");
    expect(state).toMatchObject({ status, errors: [{ code: "denied", message: "no" }] });
  });

  it("is retired by the next complete run, also when its shards were sent before by a partial one", async () => {
    const { context } = await createTestContext();
    const all = many(20);
    await aRun([scope(all)]).deliver(context);
    await aRun([scope(all.slice(1), { status: "partial" })]).deliver(context);
    expect(await found(context, "kind:instance")).toHaveLength(20);
    const { completed, uploads } = await aRun([scope(all.slice(1))]).deliver(context);
    expect({ uploads, retired: completed?.totals.retired }).toEqual({ uploads: 0, retired: 1 });
    expect(await found(context, "kind:instance")).toHaveLength(19);
  });

  it("stays when only another region was seen", async () => {
    const { context } = await createTestContext();
    const west = many(5, { region: "us-west-2" });
    await aRun([scope(many(5)), { key: WEST, resources: west }]).deliver(context);
    await aRun([{ key: WEST, resources: west.slice(1) }]).deliver(context);
    expect(await found(context, "region:us-east-1")).toHaveLength(5);
    expect(await found(context, "region:us-west-2")).toHaveLength(4);
  });
});

describe("a mass loss", () => {
  it("is held until an operator approves it", async () => {
    const { context } = await createTestContext();
    const all = many(40);
    await aRun([scope(all)]).deliver(context);
    const { completed } = await aRun([scope(all.slice(0, 20))]).deliver(context);
    expect(completed?.scopes[0]).toMatchObject({ retired: 0, held: 20 });
    expect(await found(context, "kind:instance")).toHaveLength(40);
    const { items } = await listHolds(context, { limit: 10, state: "pending" });
    const hold = items[0];
    if (!hold) throw new Error("no hold");
    expect(hold).toMatchObject({ known: 40, missing: 20, kind: "instance", state: "pending" });
    expect((await scopesByName(context)).get("aws/111122223333/us-east-1/instance")).toMatchObject({
      hold: hold.id,
      missing: 20,
    });
    await approveHold(context, OPERATOR, hold.id, { version: hold.version, reason: "decommissioned" });
    expect(await found(context, "kind:instance")).toHaveLength(20);
    expect(await found(context, "kind:instance status:retired")).toHaveLength(20);
    const again = await aRun([scope(all.slice(0, 20))]).deliver(context);
    expect(again.opened.state).toBe("unchanged");
    const state = (await scopesByName(context)).get("aws/111122223333/us-east-1/instance");
    expect(state).toMatchObject({ missing: 0 });
    expect(state?.hold).toBeUndefined();
    await expect(approveHold(context, OPERATOR, hold.id, {})).rejects.toMatchObject({ code: "hold.decided" });
  });

  it("that was rejected is not asked about again until other resources are missing", async () => {
    const { context } = await createTestContext();
    const all = many(40);
    await aRun([scope(all)]).deliver(context);
    await aRun([scope(all.slice(0, 20))]).deliver(context);
    const [hold] = (await listHolds(context, { limit: 10 })).items;
    await rejectHold(context, OPERATOR, hold?.id as string, { reason: "the API lies" });
    const changed = [...all.slice(1, 20), anInstance(0, { state: "stopped" })];
    await aRun([scope(changed)]).deliver(context);
    expect((await listHolds(context, { limit: 10, state: "pending" })).items).toEqual([]);
    expect(await found(context, "kind:instance")).toHaveLength(40);
    await aRun([scope(changed.slice(1))]).deliver(context);
    expect((await listHolds(context, { limit: 10, state: "pending" })).items).toMatchObject([{ missing: 21 }]);
  });

  it("of everything is held, however little there was", async () => {
    const { context } = await createTestContext();
    await aRun([scope(many(1))]).deliver(context);
    const { completed } = await aRun([scope([])]).deliver(context);
    expect(completed?.scopes[0]).toMatchObject({ retired: 0, held: 1 });
    expect(await found(context, "kind:instance")).toHaveLength(1);
  });

  it("is lifted when the resources come back", async () => {
    const { context } = await createTestContext();
    const all = many(40);
    await aRun([scope(all)]).deliver(context);
    await aRun([scope([])]).deliver(context);
    await aRun([scope(all)]).deliver(context);
    expect((await listHolds(context, { limit: 10 })).items).toMatchObject([{ state: "lifted" }]);
    expect((await scopesByName(context)).get("aws/111122223333/us-east-1/instance")?.hold).toBeUndefined();
  });

  it("shown to an operator is not approved once the scope misses something else", async () => {
    const { context } = await createTestContext();
    const all = many(40);
    await aRun([scope(all)]).deliver(context);
    await aRun([scope(all.slice(0, 20))]).deliver(context);
    const [hold] = (await listHolds(context, { limit: 10 })).items;
    await aRun([scope(all.slice(0, 10))]).deliver(context);
    await expect(approveHold(context, OPERATOR, hold?.id as string, { version: hold?.version })).rejects.toMatchObject({
      code: "request.precondition_failed",
    });
    expect(await found(context, "kind:instance")).toHaveLength(40);
  });
});

describe("a run", () => {
  it("uploaded twice has one effect and answers the same", async () => {
    const { context } = await createTestContext();
    const run = aRun([scope(many(200))]);
    const opened = await run.open(context);
    await run.uploadAll(context, opened);
    await run.uploadAll(context, opened);
    const first = await run.complete(context);
    expect(await run.complete(context)).toEqual(first);
    expect(first.totals).toMatchObject({ created: 200, updated: 0, unchanged: 0 });
    expect(await historyTypes(context, anInstance(1).id)).toEqual(["created"]);
  });

  it("opened again wants only what has not arrived", async () => {
    const { context } = await createTestContext();
    const run = aRun([scope(many(200))]);
    const opened = await run.open(context);
    const [first, ...rest] = opened.scopes[0]?.want ?? [];
    await run.upload(context, 0, first as number);
    expect((await run.open(context)).scopes[0]?.want).toEqual(rest);
  });

  it("with missing shards is not completed: it says which, and retires nothing", async () => {
    const { context } = await createTestContext();
    const all = many(200);
    await aRun([scope(all)]).deliver(context);
    const run = aRun([scope(all.slice(60).map((one) => ({ ...one, name: `${one.name}-x` })))]);
    const opened = await run.open(context);
    const wanted = opened.scopes[0]?.want ?? [];
    await run.upload(context, 0, wanted[0] as number);
    await expect(run.complete(context)).rejects.toMatchObject({
      code: "discovery.shards_missing",
      extra: { missing: [{ scope: "aws/111122223333/us-east-1/instance", shards: wanted.slice(1) }] },
    });
    expect(await found(context, "kind:instance")).toHaveLength(200);
  });

  it("that a newer run has overtaken changes nothing any more", async () => {
    const { context } = await createTestContext();
    await aRun([scope(many(10))]).deliver(context);
    const old = aRun([scope(many(10, { state: "stopped" }))]);
    const opened = await old.open(context);
    const newer = aRun([scope(many(10, { state: "stopping" }))]);
    await newer.deliver(context);
    const [shard] = opened.scopes[0]?.want ?? [];
    expect(await old.upload(context, 0, shard as number)).toMatchObject({ state: "ignored" });
    expect((await old.complete(context)).scopes).toEqual([]);
    expect((await getResource(context, anInstance(3).id)).attributes).toMatchObject({ state: "stopping" });
    expect((await newer.open(context)).state).toBe("unchanged");
  });

  it("that died half way is not taken for the state of its scopes", async () => {
    const { context } = await createTestContext();
    const before = many(10);
    await aRun([scope(before)]).deliver(context);
    const dead = aRun([scope(many(10, { state: "stopped" }))]);
    await dead.uploadAll(context, await dead.open(context));
    expect((await getResource(context, anInstance(3).id)).attributes).toMatchObject({ state: "stopped" });
    await aRun([scope(before)]).deliver(context);
    expect((await getResource(context, anInstance(3).id)).attributes).toMatchObject({ state: "running" });
    expect((await aRun([scope(before)]).open(context)).state).toBe("unchanged");
  });

  it("of other scopes of the same collector does not hide a change from the first set of scopes", async () => {
    const { context } = await createTestContext();
    const both: SeenScope[] = [scope(many(3)), { key: WEST, resources: many(3, { region: "us-west-2" }) }];
    await aRun(both).deliver(context);
    await aRun([scope(many(3, { state: "stopped" }))]).deliver(context);
    await aRun(both).deliver(context);
    expect((await getResource(context, anInstance(1).id)).attributes).toMatchObject({ state: "running" });
    expect((await aRun(both).open(context)).state).toBe("unchanged");
  });

  it("cannot be completed or uploaded to by another collector", async () => {
    const { context } = await createTestContext();
    const run = aRun([scope(many(3))]);
    await run.open(context);
    const stranger = aRun([scope(many(3))], {
      run: run.run,
      reporter: { ...REPORTER, id: newId("collector", new Date(1)), name: "other" },
    });
    await expect(stranger.complete(context)).rejects.toMatchObject({ code: "discovery.run_not_found" });
    await expect(stranger.upload(context, 0, 0)).rejects.toMatchObject({ code: "discovery.run_not_found" });
    await expect(stranger.open(context)).rejects.toMatchObject({ code: "discovery.run_not_found" });
  });

  it("names every scope that is not the collector's, and writes nothing", async () => {
    const { context, table } = await createTestContext();
    const bound = { ...REPORTER, accounts: [ACCOUNT] };
    const before = table.meter.units.write;
    const run = aRun([scope(many(1)), { key: instanceScope({ account: "999999999999" }), resources: [] }], {
      reporter: bound,
    });
    await expect(run.open(context)).rejects.toMatchObject({
      code: "collector.foreign_account",
      errors: [{ path: "scopes[1].account" }],
    });
    expect(table.meter.units.write).toBe(before);
  });

  it("cannot write another account's resources through its own scope", async () => {
    const { context } = await createTestContext();
    const run = aRun([scope([anInstance(1, { account: "999999999999" })])]);
    const opened = await run.open(context);
    await expect(run.uploadAll(context, opened)).rejects.toMatchObject({ code: "collector.foreign_account" });
  });
});

describe("changes", () => {
  it("are events with the values before and after", async () => {
    const { context } = await createTestContext();
    await aRun([scope([anInstance(1, { tags: { env: "prod", old: "x" } })])]).deliver(context);
    await aRun([scope([anInstance(1, { state: "stopped", tags: { env: "test" } })])]).deliver(context);
    const { items } = await listHistory(context, anInstance(1).id, { limit: 10 });
    expect(items[0]).toMatchObject({
      sequence: 2,
      type: "updated",
      actor: actorName(ACTOR),
      changes: [
        { path: "attributes.state", before: "running", after: "stopped" },
        { path: "tags.env", before: "prod", after: "test" },
        { path: "tags.old", before: "x" },
      ],
    });
  });

  it("are not made by element order or by volatile attributes", async () => {
    const { context } = await createTestContext();
    const subnet = (free: number, blocks: string[]): Raw => ({
      id: `arn:aws:ec2:us-east-1:${ACCOUNT}:subnet/subnet-1`,
      name: "",
      tags: {},
      attributes: {
        subnetId: "subnet-1",
        network: `arn:aws:ec2:us-east-1:${ACCOUNT}:vpc/vpc-1`,
        ownerAccount: ACCOUNT,
        cloudReservedCount: 5,
        blocks: blocks.map((prefix) => ({ prefix, role: "primary", state: "associated" })),
      },
      volatile: { availableAddressCount: free },
    });
    const key = instanceScope({ kind: "subnet" });
    await aRun([{ key, resources: [subnet(10, ["10.0.0.0/24", "10.0.1.0/24"])] }]).deliver(context);
    expect((await aRun([{ key, resources: [subnet(9, ["10.0.1.0/24", "10.0.0.0/24"])] }]).open(context)).state).toBe(
      "unchanged",
    );
  });

  it("of an address that moves between two instances in one run are no conflict", async () => {
    const { context } = await createTestContext();
    await aRun([scope([anInstance(1, { address: "10.9.9.1" }), anInstance(2, { address: "10.9.9.2" })])]).deliver(
      context,
    );
    const { completed } = await aRun([
      scope([anInstance(1, { address: "10.9.9.2" }), anInstance(2, { address: "10.9.9.1" })]),
    ]).deliver(context);
    expect(completed?.totals.updated).toBe(2);
    expect(await found(context, "ip:10.9.9.1")).toEqual([anInstance(2).id]);
    expect(await found(context, "ip:10.9.9.2")).toEqual([anInstance(1).id]);
  });

  it("never touch what operators say, and what operators say never makes a change", async () => {
    const { context, clock } = await createTestContext();
    await aRun([scope([anInstance(1)])]).deliver(context);
    const { version } = await getResource(context, anInstance(1).id);
    await annotateResource(context, OPERATOR, anInstance(1).id, { notes: "do not touch", owner: "payments" }, version);
    expect((await aRun([scope([anInstance(1)])]).open(context)).state).toBe("unchanged");
    clock.forward(1);
    await aRun([scope([anInstance(1, { state: "stopped" })])]).deliver(context);
    expect(await getResource(context, anInstance(1).id)).toMatchObject({ notes: "do not touch", owner: "payments" });
    await expect(annotateResource(context, OPERATOR, anInstance(1).id, { notes: "" }, version)).rejects.toMatchObject({
      code: "request.precondition_failed",
    });
    expect(await historyTypes(context, anInstance(1).id)).toEqual(["created", "annotated", "updated"]);
  });
});

describe("a resource that two accounts see", () => {
  const OTHER = "444455556666";
  const subnet = (name: string): Raw => ({
    id: `arn:aws:ec2:us-east-1:${ACCOUNT}:subnet/subnet-7`,
    name,
    tags: name ? { Name: name } : {},
    attributes: {
      subnetId: "subnet-7",
      network: `arn:aws:ec2:us-east-1:${ACCOUNT}:vpc/vpc-1`,
      ownerAccount: ACCOUNT,
      cloudReservedCount: 5,
      blocks: [{ prefix: "10.7.0.0/24", role: "primary", state: "associated" }],
    },
  });
  const filler = (account: string): Raw[] =>
    [1, 2, 3, 4].map((n) => ({ ...subnet(""), id: `arn:aws:ec2:us-east-1:${account}:subnet/subnet-f${n}` }));
  const owner = (more: Raw[]): SeenScope => ({
    key: instanceScope({ kind: "subnet" }),
    resources: [...filler(ACCOUNT), ...more],
  });
  const guest = (more: Raw[]): SeenScope => ({
    key: instanceScope({ kind: "subnet", account: OTHER }),
    resources: [...filler(OTHER), ...more],
  });
  const id = subnet("").id;

  it("is one resource, and what the owner says of it counts, in whatever order they report", async () => {
    for (const order of [
      [owner([subnet("shared")]), guest([subnet("")])],
      [guest([subnet("")]), owner([subnet("shared")])],
    ]) {
      const { context } = await createTestContext();
      for (const seen of order) await aRun([seen]).deliver(context);
      expect(await getResource(context, id)).toMatchObject({ account: ACCOUNT, name: "shared", status: "active" });
      expect((await getResource(context, id)).observedBy).toHaveLength(2);
      expect(await found(context, "ip:10.7.0.9 name:shared")).toEqual([id]);
      expect(await found(context, `account:${ACCOUNT} name:shared`)).toEqual([id]);
      expect(await found(context, `account:${OTHER} name:shared`)).toEqual([id]);
    }
  });

  it("stays while one of them sees it, and goes when its owner no longer has it", async () => {
    const { context } = await createTestContext();
    await aRun([owner([subnet("shared")]), guest([subnet("")])]).deliver(context);
    await aRun([owner([subnet("shared")]), guest([])]).deliver(context);
    expect(await getResource(context, id)).toMatchObject({
      status: "active",
      observedBy: [{ scope: `aws/${ACCOUNT}/us-east-1/subnet` }],
    });
    await aRun([owner([subnet("shared")]), guest([subnet("")])]).deliver(context);
    await aRun([owner([]), guest([subnet("")])]).deliver(context);
    expect(await getResource(context, id)).toMatchObject({ status: "retired" });
  });
});

describe("a resource that two sources of one account see", () => {
  const other = { ...REPORTER, id: newId("collector", new Date(1)), name: "files" };

  it("stays until both of them no longer have it", async () => {
    const { context } = await createTestContext();
    await aRun([scope(many(9))]).deliver(context);
    await aRun([scope(many(9))], { reporter: other }).deliver(context);
    await aRun([scope(many(9).slice(1))]).deliver(context);
    expect(await getResource(context, anInstance(0).id)).toMatchObject({
      status: "active",
      observedBy: [{ source: "files" }],
    });
    await aRun([scope(many(9).slice(1))], { reporter: other }).deliver(context);
    expect(await getResource(context, anInstance(0).id)).toMatchObject({ status: "retired" });
  });
});

describe("a whole run in one call", () => {
  const payload = (resources: Raw[], more: object = {}) => ({
    contract: "cadastre.discovery/v1",
    scopes: [{ ...EAST, status: "complete", resources, ...more }],
  });

  it("answers what it did, and the second time that nothing changed", async () => {
    const { context } = await createTestContext();
    expect(await deliver(context, ACTOR, REPORTER, payload(many(150)))).toMatchObject({
      imported: 150,
      updated: 0,
      unchanged: 0,
      retired: 0,
      errors: [],
    });
    expect(await deliver(context, ACTOR, REPORTER, payload(many(150)))).toMatchObject({
      imported: 0,
      updated: 0,
      unchanged: 150,
      retired: 0,
    });
    expect(
      await deliver(context, ACTOR, REPORTER, payload([anInstance(0, { state: "stopped" }), ...many(150).slice(2)])),
    ).toMatchObject({
      imported: 0,
      updated: 1,
      unchanged: 148,
      retired: 1,
    });
  });

  it("leaves out a resource that is too large, says so, takes the rest and retires nothing", async () => {
    const { context } = await createTestContext();
    await deliver(context, ACTOR, REPORTER, payload(many(4)));
    const huge = anInstance(1);
    const resources = [{ ...huge, attributes: { ...huge.attributes, console: "x".repeat(160_000) } }, anInstance(9)];
    const answer = await deliver(context, ACTOR, REPORTER, payload(resources));
    expect(answer).toMatchObject({
      imported: 1,
      retired: 0,
      errors: [{ path: "scopes[0].resources[0]", code: "too_large" }],
      scopes: [{ status: "partial" }],
    });
    expect(await found(context, "kind:instance")).toHaveLength(5);
    const [state] = (await scopesByName(context)).values();
    expect(state).toMatchObject({ status: "partial", errors: [{ code: "too_large" }] });
    const wrong = { ...anInstance(3), attributes: {} };
    await expect(deliver(context, ACTOR, REPORTER, payload([...resources, wrong]))).rejects.toThrow(
      /^scopes\[0\]\.resources\[2\]/,
    );
  });

  it("reports an id that is in a scope twice and applies the rest", async () => {
    const { context } = await createTestContext();
    const result = await deliver(
      context,
      ACTOR,
      REPORTER,
      payload([anInstance(1), anInstance(2), anInstance(1, { name: "again" })]),
    );
    expect(result).toMatchObject({
      imported: 2,
      errors: [{ path: "scopes[0].resources[2].id", code: "duplicate_id" }],
    });
    expect(await getResource(context, anInstance(1).id)).toMatchObject({ name: "web-1" });
  });

  it("accepts a newer minor version with members it does not know, and refuses another major one", async () => {
    const { context } = await createTestContext();
    const newer = {
      ...payload([{ ...anInstance(1), colour: "blue" }]),
      contract: "cadastre.discovery/v1.7",
      weather: "fine",
    };
    expect(await deliver(context, ACTOR, REPORTER, newer)).toMatchObject({ imported: 1 });
    await expect(
      deliver(context, ACTOR, REPORTER, { ...newer, contract: "cadastre.discovery/v2" }),
    ).rejects.toMatchObject({ code: "discovery.version" });
  });

  it("names the place of what is not valid and writes none of it", async () => {
    const { context } = await createTestContext();
    const wrong = anInstance(2, { address: "10.0.0.300" });
    await expect(deliver(context, ACTOR, REPORTER, payload([anInstance(1), wrong]))).rejects.toMatchObject({
      code: "request.invalid",
      errors: [{ path: "scopes[0].resources[1].attributes.interfaces[0].privateAddresses[0].address" }],
    });
    expect(await found(context, "kind:instance")).toEqual([]);
  });
});

describe("a scope that grows and shrinks", () => {
  it("is cut anew without a change to any resource", async () => {
    const { context } = await createTestContext();
    const sizes = [10, 300, 1200, 280, 300, 1000, 60];
    for (const size of sizes) {
      const run = aRun([scope(many(size))]);
      const opened = await run.open(context);
      await run.uploadAll(context, opened);
      await run.complete(context);
      const [hold] = (await listHolds(context, { limit: 1, state: "pending" })).items;
      if (hold) await approveHold(context, OPERATOR, hold.id, {});
      await runJobs(context);
      expect(await found(context, "kind:instance")).toHaveLength(size);
      expect((await aRun([scope(many(size))]).deliver(context)).uploads).toBe(0);
    }
    expect(await historyTypes(context, anInstance(3).id)).toEqual(["created"]);
    expect(await historyTypes(context, anInstance(290).id)).toEqual(["created", "retired", "returned", "retired"]);
  });
});
