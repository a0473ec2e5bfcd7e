import { contentHash, createScopeDigest, idHash, packEntries, shardCountFor } from "@cadastre/contract/digest";
import type { KindName } from "@cadastre/contract/kinds/names";
import { RESOURCE_BYTES, type ResourceInput } from "@cadastre/contract/resource";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createRunRecorder } from "./recorder.ts";
import { openRunReader } from "./run-reader.ts";
import { openSpool } from "./spool.ts";
import { ACCOUNT, anInstance, aWorkplace, instances, instancesOf, type Workplace } from "./testing/builders.ts";

let workplace: Workplace;
let runs = 0;
beforeEach(() => {
  workplace = aWorkplace();
});
afterEach(() => workplace.remove());

const EAST = instancesOf("us-east-1");

function aRun() {
  const spool = openSpool(workplace.spoolDirectory, () => undefined);
  const files = spool.begin(`run_${runs++}`);
  const run = createRunRecorder({ files, log: () => undefined, onProgress: () => undefined });
  const recorder = run.forObserver({});
  return {
    run,
    recorder,
    files,
    close() {
      const scopes = run.end();
      files.close({ version: 1, run: files.run, startedAt: "2026-03-01T12:00:00Z", collectorVersion: "", scopes });
      return { scopes, reader: openRunReader(spool.find(files.run)?.path ?? "") };
    },
  };
}

function record(resources: Iterable<ResourceInput<"instance">>) {
  const run = aRun();
  const scope = run.recorder.start(EAST);
  for (const resource of resources) scope.add(resource);
  scope.finish("complete");
  const { scopes, reader } = run.close();
  const [spooled] = scopes;
  if (!spooled) throw new Error("no scope");
  const plan = reader.plan(spooled);
  if (!plan) throw new Error("no plan");
  const bodies = plan.shards.map((_, shard) => JSON.parse(reader.shardBody(plan, shard).toString()).resources);
  reader.close();
  return { scope: spooled, plan, resources: bodies.flat() as ResourceInput<"instance">[] };
}

describe("a scope's digests", () => {
  test("are those of the contract, over what was added", () => {
    const seen = [...instances(500)];
    const { plan } = record(seen);
    const digest = createScopeDigest("complete", []);
    const entries = seen.map((resource) => ({
      idHash: idHash("instance", resource.id),
      contentHash: contentHash("instance", { ...resource }),
    }));
    digest.add(packEntries(entries));
    expect(plan.digest).toBe(digest.finish());
    expect(plan.shards.length).toBe(shardCountFor(500));
  });

  test("do not depend on the order of adding, nor on repetitions", () => {
    const numbers = fc.uniqueArray(fc.nat(100_000), { maxLength: 150 });
    fc.assert(
      fc.property(
        numbers.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }), fc.subarray(list)),
        ),
        ([list, shuffled, again]) => {
          const one = record(list.map((number) => anInstance(number)));
          const other = record([...shuffled, ...again].map((number) => anInstance(number)));
          expect(other.plan).toEqual(one.plan);
          expect(other.scope.resources).toBe(list.length);
          expect(new Set(other.resources.map((resource) => resource.id)).size).toBe(list.length);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("cover every resource once, however many shards there are", () => {
    const run = aRun();
    const scope = run.recorder.start(EAST);
    for (const resource of instances(700)) scope.add(resource);
    scope.finish("complete");
    const { scopes, reader } = run.close();
    for (const count of [1, 2, 64, 4096]) {
      const plan = reader.plan(scopes[0] as (typeof scopes)[number], count);
      const ids = plan?.shards.flatMap((_, shard) =>
        JSON.parse(reader.shardBody(plan, shard).toString()).resources.map((resource: { id: string }) => resource.id),
      );
      expect(ids?.sort()).toEqual([...instances(700)].map((resource) => resource.id).sort());
    }
    reader.close();
  });
});

describe("a recorder", () => {
  test("keeps the first of two resources with one id and reports the second, if it says something else", () => {
    const { scope, resources } = record([
      anInstance(1),
      anInstance(1),
      anInstance(1, { state: "stopped" }),
      anInstance(2),
    ]);
    expect(scope).toMatchObject({ status: "complete", resources: 2 });
    expect(scope.errors).toMatchObject([{ code: "duplicate_id", message: expect.stringContaining(anInstance(1).id) }]);
    expect(resources.find((resource) => resource.id === anInstance(1).id)?.attributes).toMatchObject({
      state: "running",
    });
  });

  test("leaves out a resource that no upload could carry, and says that the scope is not all there is", () => {
    const tags = Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`tag-${at}`, "x".repeat(1024)]));
    expect(JSON.stringify(tags).length).toBeGreaterThan(RESOURCE_BYTES);
    const { scope, resources } = record([anInstance(1), anInstance(2, { tags }), anInstance(3)]);
    expect(scope).toMatchObject({ status: "partial", resources: 2, errors: [{ code: "too_large" }] });
    expect(resources.length).toBe(2);
  });

  test.each([
    ["a tag that is too long", anInstance(2, { tags: { note: "x".repeat(10_000) } }), /1,024 characters/],
    [
      "an address that is none",
      {
        ...anInstance(2),
        attributes: { instanceId: "i-2", state: "running", type: "t", interfaces: [{ ipv6Addresses: ["::g"] }] },
      },
      /not an IPv4 or IPv6/,
    ],
    ["another region", anInstance(2, { region: "eu-west-1" }), /region eu-west-1/],
  ])("leaves out a resource that the API would refuse (%s), and delivers the rest as partial", (_, bad, reason) => {
    const { scope, resources } = record([anInstance(1), bad, anInstance(3)]);
    expect(scope).toMatchObject({ status: "partial", resources: 2, errors: [{ code: "invalid_resource" }] });
    expect(scope.errors[0]?.message).toMatch(reason);
    expect(resources.length).toBe(2);
  });

  test.each(["failed", "skipped"] as const)("drops what was added to a scope that has %s", (status) => {
    const run = aRun();
    const scope = run.recorder.start(EAST);
    for (const resource of instances(10)) scope.add(resource);
    scope.finish(status, [{ code: "denied", message: "no" }]);
    const { scopes, reader } = run.close();
    expect(scopes).toMatchObject([{ status, resources: 0, errors: [{ code: "denied" }] }]);
    expect(reader.plan(scopes[0] as (typeof scopes)[number])?.shards).toEqual([]);
    reader.close();
  });

  test("keeps scopes apart that are recorded at the same time", () => {
    const run = aRun();
    const regions = ["us-east-1", "us-west-2", "eu-west-1"];
    const scopes = regions.map((region) => ({ region, scope: run.recorder.start(instancesOf(region)) }));
    for (let number = 0; number < 200; number++) {
      for (const { region, scope } of scopes) scope.add(anInstance(number, { region }));
    }
    for (const { scope } of scopes.toReversed()) scope.finish("complete");
    const { scopes: spooled, reader } = run.close();
    for (const scope of spooled) {
      const plan = reader.plan(scope, 1);
      const { resources } = JSON.parse(reader.shardBody(plan as NonNullable<typeof plan>, 0).toString());
      expect(resources.length).toBe(200);
      expect(resources.every((resource: { id: string }) => resource.id.includes(scope.region))).toBe(true);
    }
    reader.close();
  });

  test("takes nothing more once a scope is finished: late answers of a given-up request change nothing", () => {
    const run = aRun();
    const scope = run.recorder.start(EAST);
    scope.add(anInstance(1));
    scope.finish("partial", [{ code: "timeout", message: "gave up" }]);
    scope.add(anInstance(2));
    scope.finish("complete");
    expect(scope.count).toBe(1);
    const { scopes, reader } = run.close();
    reader.close();
    expect(scopes).toMatchObject([{ status: "partial", resources: 1 }]);
  });

  test("refuses a scope that was started before, and one that is none", () => {
    const { recorder, files } = aRun();
    recorder.start(EAST);
    expect(() => recorder.start(EAST)).toThrow(`aws/${ACCOUNT}/us-east-1/instance was started before`);
    expect(() => recorder.start({ ...EAST, region: "us east" })).toThrow("region");
    expect(() => recorder.start({ ...EAST, kind: "volcano" as KindName })).toThrow("one of network");
    files.discard();
  });

  test("holds a scope's errors within the contract: 50 of them, with short messages and plain codes", () => {
    const run = aRun();
    const errors = Array.from({ length: 80 }, (_, at) => ({
      code: at === 0 ? "AccessDenied" : "denied",
      message: "m".repeat(5000),
    }));
    run.recorder.start(EAST).finish("failed", errors);
    const { scopes, reader } = run.close();
    reader.close();
    expect(scopes[0]?.errors.length).toBe(50);
    expect(scopes[0]?.errors[0]).toMatchObject({
      code: "unknown",
      message: expect.stringMatching(/^AccessDenied: m{986}$/),
    });
    expect(scopes[0]?.errors.at(-1)).toEqual({ code: "errors_omitted", message: "31 more errors" });
  });

  test("whose files cannot be written voids the run, also when its collector swallows the error", () => {
    const run = aRun();
    const scope = run.recorder.start(EAST);
    run.files.data.abandon();
    expect(() => {
      for (const resource of instances(2000)) scope.add(resource);
    }).toThrow(/cannot be written: EBADF/);
    expect(() => run.run.end()).toThrow(/cannot be written/);
    run.files.discard();
  });
});
