import { openRun as openRunSchema, requireVersion } from "@cadastre/contract/discovery";
import { ProblemError } from "@cadastre/contract/errors";
import { parse } from "@cadastre/contract/parse";
import { scopeName } from "@cadastre/contract/scope";
import type { Context } from "@cadastre/core/context";
import { completeRun } from "@cadastre/core/discovery/complete";
import { deliver } from "@cadastre/core/discovery/deliver";
import { openRun } from "@cadastre/core/discovery/open";
import { uploadShard } from "@cadastre/core/discovery/upload";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { ACTOR, anInstance, aRun, instanceScope, REPORTER, type SeenScope } from "../support/estate.ts";
import { snapshot } from "../support/register.ts";

const BOUND = { ...REPORTER, providers: ["aws" as const], accounts: [instanceScope().account] };
const EAST = instanceScope();
const BEFORE: SeenScope[] = [{ key: EAST, resources: [anInstance(1), anInstance(2), anInstance(3)] }];
const AFTER: SeenScope[] = [
  { key: EAST, resources: [anInstance(1, { state: "stopped" }), anInstance(2), anInstance(4)] },
  { key: instanceScope({ region: "us-west-2" }), resources: [anInstance(9, { region: "us-west-2" })] },
];

/** JSON as it may be on the wire: what JSON.parse makes of these texts is not always what it looks like. */
const HOSTILE = [
  "null",
  "true",
  "0",
  "-0",
  "-1",
  "1e999",
  "-1e999",
  "1e-400",
  "5e-324",
  "1e125",
  "123456789012345678901234567890",
  '""',
  '"\\ud800"',
  '"\\u0000"',
  '"a\\udc00b"',
  '"__proto__"',
  '"../../etc/passwd"',
  '"10.0.0.1/8"',
  '"999.1.1.1"',
  '"::ffff:1.2.3.4"',
  '"aws/1/2/3"',
  '"#"',
  '"run_00000000000000000000000000"',
  '"2026-02-30T00:00:00Z"',
  '"cadastre.discovery/v2"',
  "[]",
  "{}",
  "[[]]",
  "[null]",
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"toString":1,"length":-1}',
  '{"":""}',
  JSON.stringify("🦀".repeat(2000)),
  JSON.stringify("x".repeat(200_000)),
  JSON.stringify({ ["k".repeat(5000)]: "v" }),
  `${"[".repeat(5000)}${"]".repeat(5000)}`,
  `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`,
  JSON.stringify(Array.from({ length: 3000 }, (_, n) => n)),
];

const aMutation = fc.record({
  at: fc.nat(),
  how: fc.constantFrom("replace", "remove", "repeat", "add", "rename"),
  value: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...HOSTILE) }, { weight: 1, arbitrary: fc.json() }),
  name: fc.constantFrom("__proto__", "constructor", "", "id", "errors", "volatile", "more", "\u0000", "🦀"),
});
type Mutation = typeof aMutation extends fc.Arbitrary<infer T> ? T : never;

/** Every place of a JSON value that can be changed: the object or array that holds it, and its name there. */
function places(value: unknown, levels = 16): { holder: Record<string, unknown>; name: string }[] {
  if (value === null || typeof value !== "object" || levels === 0) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((name) => [{ holder, name }, ...places(holder[name], levels - 1)]);
}

const define = (holder: object, name: string, value: unknown) =>
  Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });

function mutated(body: object, mutations: readonly Mutation[]): unknown {
  const document = { body: structuredClone(body) as unknown };
  for (const { at, how, value, name } of mutations) {
    const all = places(document);
    const place = all[at % all.length];
    if (!place) continue;
    const { holder, name: here } = place;
    const hostile: unknown = JSON.parse(value);
    if (how === "replace") define(holder, here, hostile);
    else if (how === "remove" && Array.isArray(holder)) holder.splice(Number(here), 1);
    else if (how === "remove") delete holder[here];
    else if (how === "repeat" && Array.isArray(holder)) holder.push(holder[Number(here)]);
    else if (how === "rename" && !Array.isArray(holder)) define(holder, name, holder[here]);
    else if (!Array.isArray(holder)) define(holder, name, hostile);
  }
  return document.body;
}

/** The work is done, or refused with a problem that is the caller's, and then nothing was written. */
async function requireSound(context: Context, work: () => Promise<unknown>): Promise<boolean> {
  const before = context.table.meter.units.write;
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    expect(error.status, error.message).toBeLessThan(500);
    expect(error.message.length).toBeLessThan(5000);
    expect(context.table.meter.units.write, `${error.code}: ${error.message}`).toBe(before);
    return false;
  }
}

async function requireWhole(context: Context): Promise<void> {
  for (const [id, resource] of Object.entries(await snapshot(context)))
    expect(resource, id).toMatchObject({ indexed: true });
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
}

const someMutations = fc.array(aMutation, { minLength: 1, maxLength: 3 });
const payload = {
  contract: "cadastre.discovery/v1",
  collectorVersion: "1",
  startedAt: "2026-01-01T00:00:00Z",
  scopes: AFTER.map(({ key, resources }) => ({
    ...key,
    status: "complete",
    errors: [{ code: "throttled", message: "slow down", operation: "DescribeInstances" }],
    resources,
  })),
};

describe("whatever a registered collector sends", () => {
  it("as one payload is taken whole or refused whole, by a problem of its own", async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(someMutations, async (mutations) => {
        const { context } = await createTestContext();
        await aRun(BEFORE, { reporter: BOUND }).deliver(context);
        const body = mutated(payload, mutations);
        if (await requireSound(context, () => deliver(context, ACTOR, BOUND, body))) taken++;
        await requireWhole(context);
      }),
      { numRuns: 400 },
    );
    expect(taken).toBeGreaterThan(20);
  });

  it("as the opening of a run is taken or refused the same way, and a whole run after it is right", async () => {
    const body = aRun(AFTER, { reporter: BOUND }).body();
    const expected = await (async () => {
      const { context } = await createTestContext();
      await aRun(AFTER, { reporter: BOUND }).deliver(context);
      return Object.keys(await snapshot(context));
    })();
    await fc.assert(
      fc.asyncProperty(someMutations, async (mutations) => {
        const { context } = await createTestContext();
        const raw = mutated(body, mutations);
        await requireSound(context, () => {
          requireVersion(raw);
          return openRun(context, ACTOR, BOUND, parse(openRunSchema, raw));
        });
        await aRun(AFTER, { reporter: BOUND }).deliver(context);
        expect(Object.keys(await snapshot(context))).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  it("as a shard is taken as announced or refused, and the shard itself can still be sent", async () => {
    const name = scopeName(EAST);
    await fc.assert(
      fc.asyncProperty(
        someMutations,
        fc.record({
          run: fc.constantFrom("own", "run_00000000000000000000000000"),
          scope: fc.constantFrom(name, `${name}/more`, "", "aws", "a/b/c/d", "\u0000", name.toUpperCase()),
          shard: fc.constantFrom(0, 1, 65_535),
        }),
        fc.boolean(),
        async (mutations, address, elsewhere) => {
          const { context } = await createTestContext();
          await aRun(BEFORE, { reporter: BOUND }).deliver(context);
          const run = aRun(AFTER, { reporter: BOUND });
          const opened = await run.open(context);
          const body = mutated({ contract: "cadastre.discovery/v1", resources: AFTER[0]?.resources }, mutations);
          const place = elsewhere
            ? { ...address, run: address.run === "own" ? run.run : address.run }
            : { run: run.run, scope: name, shard: 0 };
          await requireSound(context, () => uploadShard(context, ACTOR, BOUND, place, body));
          await requireSound(context, () => completeRun(context, ACTOR, BOUND, "run_00000000000000000000000000"));
          await run.uploadAll(context, opened);
          expect((await run.complete(context)).totals).toMatchObject({ resources: 4, created: 2, updated: 1 });
          await requireWhole(context);
        },
      ),
      { numRuns: 200 },
    );
  });
});
