import type { RunCompleted } from "@cadastre/contract/discovery";
import type { ScopeKey } from "@cadastre/contract/scope";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { Crash, crashAt } from "../support/crashing-table.ts";
import { ACCOUNT, anInstance, aRun, instanceScope, type Raw, type SeenScope } from "../support/estate.ts";

const GUEST = "444455556666";
const many = (from: number, to: number, more: Parameters<typeof anInstance>[1] = {}): Raw[] =>
  Array.from({ length: to - from }, (_, n) => anInstance(from + n, more));
const instances = (resources: Raw[], more: Partial<SeenScope> = {}): SeenScope => ({
  key: instanceScope(),
  resources,
  ...more,
});

const aSubnet = (n: number, state: string): Raw => ({
  id: `arn:aws:ec2:us-east-1:${ACCOUNT}:subnet/subnet-${n}`,
  name: `net-${n}`,
  tags: {},
  attributes: {
    subnetId: `subnet-${n}`,
    state,
    blocks: [{ prefix: `10.0.${n}.0/24`, role: "primary" }],
    network: `arn:aws:ec2:us-east-1:${ACCOUNT}:vpc/vpc-1`,
    zone: "us-east-1a",
    ownerAccount: ACCOUNT,
    cloudReservedCount: 5,
  },
});
/** The subnets of an account, as it sees them and as one that shares them does. */
const subnets = (from: number, to: number, state = "available"): SeenScope[] =>
  [ACCOUNT, GUEST].map((account) => ({
    key: { provider: "aws", account, region: "us-east-1", kind: "subnet" } satisfies ScopeKey,
    resources: Array.from({ length: to - from }, (_, n) => aSubnet(from + n, state)),
  }));

/** What was there before, and what the run that is killed then sees. */
const STORIES: Record<string, { readonly before: readonly SeenScope[][]; readonly run: SeenScope[] }> = {
  "that sees new ones, changed ones, and some no more": {
    before: [[instances(many(0, 40))]],
    run: [instances([...many(8, 36), ...many(36, 40, { state: "stopped" }), ...many(60, 63)])],
  },
  "of what two accounts share": {
    before: [subnets(0, 20)],
    run: subnets(4, 21, "pending"),
  },
  "that retires what an earlier run did not have, and sends nothing of it": {
    before: [[instances(many(0, 140))], [instances(many(10, 140), { status: "partial" })]],
    run: [instances(many(10, 140))],
  },
};

describe.each(Object.entries(STORIES))("a run %s", (_, { before, run: seen }) => {
  async function prepare() {
    const { context, table } = await createTestContext();
    for (const scopes of before) await aRun(scopes).deliver(context);
    return { context, table, run: aRun(seen) };
  }
  const numbersOf = (completed: RunCompleted | undefined) => completed && { ...completed, run: "" };

  it.each(["it is completed once more", "all of it is done once more"])(
    "is told what it did, killed at any write: %s",
    { timeout: 120_000 },
    async (how) => {
      const whole = await prepare();
      const expected = numbersOf((await whole.run.deliver(whole.context)).completed);
      expect(expected?.totals.retired).toBeGreaterThan(0);
      let at = 0;
      for (let died = true; died; ) {
        at++;
        const { context, table, run } = await prepare();
        const dying = { ...context, table: crashAt(table, at) };
        let isSent = false;
        const work = async () => {
          await run.uploadAll(dying, await run.open(dying));
          isSent = true;
          return run.complete(dying);
        };
        const last = await work().catch((error: unknown) => {
          if (!(error instanceof Crash)) throw error;
          return undefined;
        });
        died = last === undefined;
        const isShort = !died || (isSent && how === "it is completed once more");
        const completed = isShort ? await run.complete(context) : (await run.deliver(context)).completed;
        expect(numbersOf(completed), `killed at write ${at}`).toEqual(expected);
      }
      expect(at).toBeGreaterThan(5);
    },
  );
});

describe("a run of what two accounts share", () => {
  it("is told each change once, whoever of them saw it first", async () => {
    const { context } = await createTestContext();
    expect((await aRun(subnets(0, 20)).deliver(context)).completed?.totals).toMatchObject({
      created: 20,
      unchanged: 20,
    });
    const { completed } = await aRun(subnets(4, 20, "pending")).deliver(context);
    expect(completed?.totals).toMatchObject({ updated: 16, unchanged: 16, retired: 4 });
  });
});

describe("a run that was killed while it retired, and then has something else to say,", () => {
  /** Ready to be opened again: it has retired ten, and died before it could tell. */
  async function killed() {
    const prepare = async () => {
      const { context, table } = await createTestContext();
      await aRun([instances(many(0, 50))]).deliver(context);
      const run = aRun([instances(many(10, 50))]);
      await run.uploadAll(context, await run.open(context));
      return { context, table, run };
    };
    const whole = await prepare();
    const counting = crashAt(whole.table, Number.POSITIVE_INFINITY);
    await whole.run.complete({ ...whole.context, table: counting });
    // The commit of the scope is the last but the one that closes the run.
    const { context, table, run } = await prepare();
    const dying = { ...context, table: crashAt(table, counting.writes() - 1) };
    await expect(run.complete(dying)).rejects.toThrow(Crash);
    return { context, table, run: run.run };
  }

  it("still tells what it retired before", async () => {
    const { context, run } = await killed();
    const { completed } = await aRun([instances(many(12, 50))], { run }).deliver(context);
    expect(completed?.totals).toMatchObject({ resources: 38, retired: 12, unchanged: 38 });
  });

  it("still does, killed once more while it sends that in several commits", { timeout: 120_000 }, async () => {
    for (let at = 1, died = true; died; at++) {
      const { context, table, run } = await killed();
      const seen = [instances(many(12, 50, { state: "stopped" }))];
      const dying = { ...context, table: crashAt(table, at) };
      died = await aRun(seen, { run })
        .deliver(dying)
        .then(
          () => false,
          () => true,
        );
      if (!died) return expect(at).toBeGreaterThan(5);
      const { completed } = await aRun(seen, { run }).deliver(context);
      expect(completed?.totals, `killed at write ${at}`).toMatchObject({ resources: 38, retired: 12, updated: 38 });
    }
  });
});
