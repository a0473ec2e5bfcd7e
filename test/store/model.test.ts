import { defineEntity } from "@cadastre/store/entity";
import { ConflictError } from "@cadastre/store/errors";
import { openSqliteTable } from "@cadastre/store/sqlite";
import { check, create, increment, put, remove, replace, type Table, type Write } from "@cadastre/store/table";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { aClock, type Clock, type Opened } from "./entities.ts";
import { openDynamo } from "./open-dynamo.ts";

/** One entity with everything: a shared partition, a key that says fields, an end. */
const thing = defineEntity({
  type: "thing",
  about: "Things of the model",
  schema: z.object({
    run: z.string(),
    id: z.string(),
    zone: z.string().optional(),
    ends: z.number().optional(),
  }),
  key: {
    partition: (i: { run: string; id: string }) => `run/${i.run}`,
    sort: (i: { run: string; id: string }) => i.id,
  },
  fromKey: ({ pk, sk }) => ({ run: pk.slice("run/".length), id: sk }),
  expires: "ends",
});

/** Counts in the same partitions, beside the things. */
const tally = defineEntity({
  type: "tally",
  about: "Counts of the model",
  schema: z.object({ run: z.string(), id: z.string(), count: z.int() }),
  key: {
    partition: (i: { run: string; id: string }) => `run/${i.run}`,
    sort: (i: { run: string; id: string }) => `#${i.id}`,
  },
});

interface Thing {
  readonly run: string;
  readonly id: string;
  readonly zone?: string;
  readonly ends?: number;
}

const IDS = ["a", "a1", "b", "é", "日本", "\uffee", "😀"];
const anId = fc.constantFrom(...IDS);
const aLife = fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined });
const aVersion = fc.constantFrom("right", "wrong");

const aWrite = fc.oneof(
  fc.record({
    op: fc.constantFrom("create" as const, "put" as const, "replace" as const),
    id: anId,
    zone: fc.constantFrom(undefined, "x", "y"),
    life: aLife,
    version: aVersion,
  }),
  fc.record({ op: fc.constant("remove" as const), id: anId, version: fc.constantFrom("right", "wrong", "none") }),
  fc.record({
    op: fc.constant("check" as const),
    id: anId,
    is: fc.constantFrom("present", "absent", "right", "wrong"),
  }),
  fc.record({ op: fc.constant("increment" as const), id: anId, by: fc.integer({ min: -5, max: 5 }) }),
  fc.record({ op: fc.constant("forget" as const), id: anId }),
);
type AWrite = typeof aWrite extends fc.Arbitrary<infer W> ? W : never;

const isOfTally = ({ op }: AWrite) => op === "increment" || op === "forget";
const someWrites = fc.uniqueArray(aWrite, { selector: (w) => `${isOfTally(w)} ${w.id}`, minLength: 1, maxLength: 4 });
const aStep = fc.oneof(
  { weight: 5, arbitrary: fc.record({ step: fc.constant("commit" as const), writes: someWrites }) },
  {
    weight: 1,
    arbitrary: fc.record({
      step: fc.constant("load" as const),
      puts: fc.array(fc.record({ id: anId, zone: fc.constantFrom(undefined, "x"), life: aLife }), { maxLength: 5 }),
      gone: fc.array(anId, { maxLength: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("wait" as const), seconds: fc.integer({ min: 1, max: 10 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      step: fc.constant("query" as const),
      reverse: fc.boolean(),
      limit: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
      sort: fc.constantFrom(undefined, { beginsWith: "a" }, { from: "a1", to: "日本" }, { after: "a", before: "😀" }),
    }),
  },
);
type AStep = typeof aStep extends fc.Arbitrary<infer S> ? S : never;

const byBytes = (a: Thing, b: Thing) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id));

/** The store as a plain map, and the table that must agree with it. */
class Model {
  readonly items = new Map<string, Thing>();
  readonly counts = new Map<string, number>();
  readonly versions = new Map<string, number>();
  readonly table: Table;
  readonly clock: Clock;
  readonly run: string;

  constructor(options: { table: Table; clock: Clock; run: string }) {
    this.table = options.table;
    this.clock = options.clock;
    this.run = options.run;
  }

  live(id: string): Thing | undefined {
    const item = this.items.get(id);
    return item !== undefined && (item.ends === undefined || item.ends > this.clock.epochSeconds()) ? item : undefined;
  }

  aThing({ id, zone, life }: { id: string; zone?: string | undefined; life?: number | undefined }): Thing {
    return {
      run: this.run,
      id,
      ...(zone === undefined ? {} : { zone }),
      ...(life === undefined ? {} : { ends: this.clock.epochSeconds() + life }),
    };
  }

  /** A write, the reason why it must be refused, and what it does to the map. */
  plan(w: AWrite): { write: Write; reason: string | undefined; apply: () => void } {
    const { id } = w;
    const key = { run: this.run, id };
    const live = this.live(id);
    const right = this.versions.get(id) ?? 7;
    const set = (item: Thing) => () => void this.items.set(id, item);
    const atVersion = (isRight: boolean) => (live === undefined ? "missing" : isRight ? undefined : "version");
    switch (w.op) {
      case "create":
        return {
          write: create(thing, this.aThing(w)),
          reason: live === undefined ? undefined : "exists",
          apply: set(this.aThing(w)),
        };
      case "put":
        return { write: put(thing, this.aThing(w)), reason: undefined, apply: set(this.aThing(w)) };
      case "replace": {
        const version = w.version === "right" ? right : right + 2;
        const write = replace(thing, this.aThing(w), version);
        return { write, reason: atVersion(w.version === "right"), apply: set(this.aThing(w)) };
      }
      case "remove": {
        const apply = () => void this.items.delete(id);
        if (w.version === "none") return { write: remove(thing, key), reason: undefined, apply };
        const write = remove(thing, key, w.version === "right" ? right : right + 2);
        return { write, reason: atVersion(w.version === "right"), apply };
      }
      case "check": {
        const holds = {
          present: live !== undefined,
          absent: live === undefined,
          right: live !== undefined,
          wrong: false,
        };
        const is = w.is === "right" ? right : w.is === "wrong" ? right + 2 : (w.is as "present" | "absent");
        const reason = holds[w.is as keyof typeof holds] ? undefined : "check";
        return { write: check(thing, key, is), reason, apply: () => {} };
      }
      case "increment": {
        const apply = () => void this.counts.set(id, (this.counts.get(id) ?? 0) + w.by);
        return { write: increment(tally, key, "count", w.by), reason: undefined, apply };
      }
      case "forget":
        return { write: remove(tally, key), reason: undefined, apply: () => void this.counts.delete(id) };
    }
  }

  async step(step: AStep): Promise<void> {
    if (step.step === "wait") this.clock.advance(step.seconds);
    else if (step.step === "commit") await this.commit(step.writes);
    else if (step.step === "load") await this.load(step);
    else await this.query(step);
  }

  async commit(writes: readonly AWrite[]): Promise<void> {
    const plans = writes.map((w) => this.plan(w));
    const refusals = plans.flatMap(({ reason }, index) => (reason === undefined ? [] : [{ index, reason }]));
    const result = await this.table.commit(plans.map(({ write }) => write)).then(
      () => [],
      (error: unknown) => {
        if (error instanceof ConflictError) return error.refusals;
        throw error;
      },
    );
    expect(result).toEqual(refusals);
    if (refusals.length === 0) for (const { apply } of plans) apply();
    await this.compare();
  }

  async load(step: Extract<AStep, { step: "load" }>): Promise<void> {
    const items = step.puts.map((p) => this.aThing(p));
    await this.table.load([
      ...items.map((item) => put(thing, item)),
      ...step.gone.map((id) => ({ op: "remove" as const, entity: thing, key: { run: this.run, id } })),
    ]);
    for (const item of items) this.items.set(item.id, item);
    for (const id of step.gone) this.items.delete(id);
    await this.compare();
  }

  /** Every key, read in full; remembers the versions. */
  async compare(): Promise<void> {
    const keys = IDS.map((id) => ({ run: this.run, id }));
    const found = await this.table.getMany(thing, keys, { consistent: true });
    const plain = found.map((item) => {
      if (item === undefined) return undefined;
      const { version, ...rest } = item;
      this.versions.set(item.id, version);
      return rest;
    });
    expect(plain).toEqual(IDS.map((id) => this.live(id)));
    const counts = await this.table.getMany(tally, keys, { consistent: true });
    expect(counts.map((item) => item?.count)).toEqual(IDS.map((id) => this.counts.get(id)));
  }

  async query({ reverse, limit, sort }: Extract<AStep, { step: "query" }>): Promise<void> {
    const found: Thing[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.table.query(thing, {
        partition: `run/${this.run}`,
        ...(limit === undefined ? {} : { limit }),
        ...(sort === undefined ? {} : { sort }),
        reverse,
        cursor,
      });
      expect(page.items.length).toBeLessThanOrEqual(limit ?? 99);
      for (const { version: _, ...rest } of page.items) found.push(rest as Thing);
      cursor = page.cursor;
    } while (cursor !== undefined);
    const bytes = (text: string) => Buffer.from(text);
    const expected = IDS.map((id) => this.live(id))
      .filter((item) => item !== undefined)
      .filter(({ id }) => sort?.beginsWith === undefined || id.startsWith(sort.beginsWith))
      .filter(({ id }) => sort?.from === undefined || bytes(id).compare(bytes(sort.from)) >= 0)
      .filter(({ id }) => sort?.to === undefined || bytes(id).compare(bytes(sort.to)) <= 0)
      .filter(({ id }) => sort?.after === undefined || bytes(id).compare(bytes(sort.after)) > 0)
      .filter(({ id }) => sort?.before === undefined || bytes(id).compare(bytes(sort.before)) < 0)
      .toSorted(byBytes);
    expect(found).toEqual(reverse ? expected.toReversed() : expected);
  }
}

async function agree(opened: () => Promise<Pick<Opened, "table" | "clock">>, numRuns: number): Promise<void> {
  let run = 0;
  const { table, clock } = await opened();
  const steps = fc.array(aStep, { minLength: 1, maxLength: 25 });
  const property = fc.asyncProperty(steps, async (steps) => {
    const model = new Model({ table, clock, run: `r${run++}` });
    for (const step of steps) await model.step(step);
  });
  await fc.assert(property, { numRuns });
}

describe("any sequence of commits, loads and queries does what it would do to a plain map", () => {
  let dynamo: Opened;
  const clock = aClock();
  const sqlite = openSqliteTable({ path: ":memory:", now: clock.now });
  beforeAll(async () => {
    dynamo = await openDynamo();
  });
  afterAll(async () => {
    await dynamo?.close();
    await sqlite.close();
  });

  test("on SQLite", () => agree(async () => ({ table: sqlite, clock }), 500));
  test("on DynamoDB", () => agree(async () => dynamo, 40));
});
