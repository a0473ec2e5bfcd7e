import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { observeAws } from "@cadastre/collectors/aws/testing";
import { observeFiles } from "@cadastre/collectors/files/observe";
import type { Observe } from "@cadastre/collectors/observe";
import { createSession } from "@cadastre/collectors/session/session";
import { startApi, type TestApi } from "@cadastre/collectors/session/testing/api";
import { aKey, anInstance, instancesOf } from "@cadastre/collectors/session/testing/builders";
import type { Resource, ResourceEvent } from "@cadastre/contract/view";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { items } from "@cadastre/simulator/aws/sequence";
import { startAwsSimulator } from "@cadastre/simulator/aws/server";
import { createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createFaults } from "@cadastre/simulator/faults";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { aClock } from "../store/entities.ts";
import { openDynamo } from "../store/open-dynamo.ts";

type Tags = Readonly<Record<string, string>>;

/** Tags as JSON has them: `__proto__` is a key like all others. */
const tagged = (entries: Iterable<readonly [string, string]>): Tags => Object.fromEntries(entries);
const sorted = (tags: Tags) => Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));

/** Keys that every object knows, and what looks like how they are kept. */
const KEYS = ["__proto__", "constructor", "toString", "hasOwnProperty", "___proto__", "_constructor", "valueOf"];
const ODD = tagged([...KEYS.map((key) => [key, `of-${key}`] as const), ["env", "prod"]]);

const DRIVERS = {
  SQLite: async () => ({ clock: aClock(), table: undefined, close: async () => {} }),
  DynamoDB: openDynamo,
};

describe.each(Object.keys(DRIVERS) as (keyof typeof DRIVERS)[])("over %s", (driver) => {
  let api: TestApi;
  let look: (observe: Observe) => Promise<void>;
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "cadastre-tags-"));
    const { clock, table, close } = await DRIVERS[driver]();
    const key = aKey();
    api = await startApi({ now: clock.now, ...(table && { table }) });
    await api.register(key.publicKey, { accounts: ["*"] });
    look = async (observe) => {
      clock.advance(60);
      const session = createSession({
        api: api.url,
        signer: key.signer,
        spoolDirectory: join(directory, "spool"),
        now: clock.now,
        log: () => undefined,
        collectorVersion: "test",
        signal: new AbortController().signal,
      });
      expect(await session.run([observe])).toMatchObject({ delivered: true, failures: [] });
    };
    return async () => {
      await api.end();
      await close();
    };
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(directory, { recursive: true });
  });

  const seen = (id: string) => api.ask<Resource>("GET", `/api/v1/resources/${encodeURIComponent(id)}`);
  const foundBy = async (q: string) => {
    const found = await api.ask<{ items: Resource[] }>("GET", `/api/v1/resources?q=${encodeURIComponent(q)}`);
    return found.items.map(({ id }) => id);
  };
  const instances = (...all: readonly Tags[]): Observe => {
    return async ({ recorder }) => {
      const scope = recorder.start(instancesOf("us-east-1"));
      all.forEach((tags, number) => {
        scope.add(anInstance(number, { tags: { ...tags } }));
      });
      scope.finish("complete");
    };
  };

  it("any tags come back as they were seen, are searched by, and their changes are told", async () => {
    const { id } = anInstance(0);
    await look(instances(ODD));
    expect(sorted((await seen(id)).tags)).toEqual(sorted(ODD));
    for (const [key, value] of Object.entries(ODD)) {
      expect(await foundBy(`tag:${key}=${value}`)).toEqual([id]);
      expect(await foundBy(`kind:instance tag:${key}`)).toEqual([id]);
      expect(await foundBy(`tag:${key}=other`)).toEqual([]);
    }
    await look(instances(tagged([["__proto__", "changed"]])));
    expect(sorted((await seen(id)).tags)).toEqual([["__proto__", "changed"]]);
    expect(await foundBy("kind:instance tag:constructor")).toEqual([]);
    const { items: events } = await api.ask<{ items: ResourceEvent[] }>(
      "GET",
      `/api/v1/resources/${encodeURIComponent(id)}/history`,
    );
    const gone = Object.entries(ODD).filter(([key]) => key !== "__proto__");
    expect(events[0]?.changes).toEqual(
      expect.arrayContaining([
        { path: "tags.__proto__", before: "of-__proto__", after: "changed" },
        ...gone.map(([key, before]) => ({ path: `tags.${key}`, before })),
      ]),
    );
    expect(events[0]?.changes).toHaveLength(Object.keys(ODD).length);
  });

  it("attributes with any names come back as they were seen, also those of no schema, and their changes are told", async () => {
    const { id, attributes } = anInstance(0);
    type Others = Record<string, unknown>;
    const others = (entries: readonly (readonly [string, unknown])[]): Others => Object.fromEntries(entries);
    const lookWith = (more: Others, volatile: Others) =>
      look(async ({ recorder }) => {
        const scope = recorder.start(instancesOf("us-east-1"));
        scope.add({ ...anInstance(0), attributes: { ...attributes, ...more }, volatile });
        scope.finish("complete");
      });
    const odd = others(
      KEYS.map((key) => [
        key,
        others([
          ["of", key],
          ["__proto__", [key]],
        ]),
      ]),
    );
    await lookWith(odd, odd);
    const { attributes: kept, volatile } = await seen(id);
    for (const key of KEYS) {
      expect(Object.getOwnPropertyDescriptor(kept, key)?.value).toEqual(odd[key]);
      expect(Object.getOwnPropertyDescriptor(volatile, key)?.value).toEqual(odd[key]);
    }
    expect(JSON.stringify(kept)).toContain('"__proto__":["__proto__"]');
    await lookWith(others([["__proto__", "changed"]]), {});
    const { items: events } = await api.ask<{ items: ResourceEvent[] }>(
      "GET",
      `/api/v1/resources/${encodeURIComponent(id)}/history`,
    );
    expect(events[0]?.changes).toEqual(
      expect.arrayContaining([
        { path: "attributes.__proto__", before: new Map(Object.entries(odd)).get("__proto__"), after: "changed" },
        { path: "attributes.constructor", before: odd.constructor },
      ]),
    );
  });

  it("tags with any keys come back, whatever these are", async () => {
    const key = fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...KEYS) },
      { weight: 2, arbitrary: fc.string({ minLength: 1, maxLength: 64, unit: "grapheme" }) },
    );
    const tags = fc.array(fc.tuple(key, fc.string({ maxLength: 64 })), { maxLength: 12 }).map(tagged);
    await fc.assert(
      fc.asyncProperty(fc.array(tags, { minLength: 1, maxLength: 20 }), async (given) => {
        await look(instances(...given));
        const { items: all } = await api.ask<{ items: Resource[] }>("GET", "/api/v1/resources?limit=200");
        const known = new Map(all.map(({ id, tags: kept }) => [id, sorted(kept)]));
        for (const [number, each] of given.entries()) expect(known.get(anInstance(number).id)).toEqual(sorted(each));
      }),
      { numRuns: 5 },
    );
  });

  it("tags of a file that a cloud's tool printed come back as they were", async () => {
    const files = join(directory, "files");
    await mkdir(files);
    const vpc = {
      VpcId: "vpc-0123456789abcdef0",
      OwnerId: "123456789012",
      CidrBlock: "10.0.0.0/16",
      CidrBlockAssociationSet: [
        { AssociationId: "a-1", CidrBlock: "10.0.0.0/16", CidrBlockState: { State: "associated" } },
      ],
      IsDefault: false,
      State: "available",
      Tags: Object.entries(ODD).map(([Key, Value]) => ({ Key, Value })),
    };
    await writeFile(join(files, "vpcs.json"), JSON.stringify({ Vpcs: [vpc] }));
    await look(observeFiles({ directory: files, provider: "aws", account: "123456789012", region: "eu-west-1" }));
    const { tags } = await seen("arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-0123456789abcdef0");
    expect(sorted(tags)).toEqual(sorted(ODD));
    expect(await foundBy("tag:__proto__=of-__proto__")).toHaveLength(1);
  });

  it("tags of a live cloud come back as they were", async () => {
    const estate = createAwsEstate({ seed: "tags", accounts: 1, regions: ["eu-west-1"], instancesPerAccountRegion: 1 });
    const simulator = await startAwsSimulator({ estate, faults: createFaults() });
    try {
      for (const [name, value] of Object.entries(awsEnvironment(simulator))) vi.stubEnv(name, value);
      const account = estate.accounts[0]?.id ?? "";
      const [vpc] = items(estate.view(account, "eu-west-1").vpcs);
      estate.mutate.retag(vpc?.VpcId ?? "", ODD);
      await look(observeAws({ accounts: { own: true } }));
      const { tags } = await seen(`arn:aws:ec2:eu-west-1:${vpc?.OwnerId}:vpc/${vpc?.VpcId}`);
      expect(sorted(tags)).toEqual(sorted(ODD));
    } finally {
      await simulator.stop();
    }
  });
});
