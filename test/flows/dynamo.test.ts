import { anActorOf } from "@cadastre/core/audit/testing";
import { type Context, DEFAULT_HOLD_POLICY, DEFAULT_RETENTION_DAYS, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { approveHold, listHolds } from "@cadastre/core/discovery/holds";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDynamo } from "../store/open-dynamo.ts";
import { createTestContext } from "../support/context.ts";
import { Crash, crashAt } from "../support/crashing-table.ts";
import { ACCOUNT, anInstance, aRun, instanceScope, type Raw, REPORTER, type SeenScope } from "../support/estate.ts";
import { found, snapshot } from "../support/register.ts";

const OPERATOR = anActorOf("user", "usr_1", "req_2");
const GUEST = "444455556666";
const EAST = instanceScope();
const WEST = instanceScope({ region: "us-west-2" });
const many = (from: number, to: number, more: Parameters<typeof anInstance>[1] = {}): Raw[] =>
  Array.from({ length: to - from }, (_, n) => anInstance(from + n, more));

/** An estate that grows, changes, loses some in quiet, fails in part, and loses much at once. */
const STATES: SeenScope[][] = [
  [
    { key: EAST, resources: many(0, 40) },
    { key: WEST, resources: many(100, 103, { region: "us-west-2" }) },
  ],
  [
    { key: EAST, resources: [...many(3, 70), anInstance(90, { address: "10.9.0.1", tags: { env: "new" } })] },
    { key: WEST, resources: many(100, 103, { region: "us-west-2", state: "stopped" }) },
  ],
  [
    { key: EAST, resources: [...many(0, 70), anInstance(90, { address: "10.0.0.1", name: "ネットワーク 🌐" })] },
    { key: WEST, status: "failed", errors: [{ code: "denied", message: "no" }], resources: [] },
  ],
  [{ key: EAST, resources: many(40, 60) }],
];

async function settleHolds(context: Context): Promise<void> {
  for (const { id } of (await listHolds(context, { limit: 10, state: "pending" })).items)
    await approveHold(context, OPERATOR, id, {});
}

async function deliverAll(context: Context, states: readonly SeenScope[][]): Promise<void> {
  for (const state of states) await aRun(state).deliver(context);
}

async function overSqlite(states: readonly SeenScope[][]) {
  const { context } = await createTestContext();
  await deliverAll(context, states);
  return snapshot(context);
}

let context: Context;
let close: () => Promise<void>;
async function aNewTable(): Promise<void> {
  const opened = await openDynamo();
  close = opened.close;
  context = {
    table: opened.table,
    organization: FIRST_ORGANIZATION,
    now: opened.clock.now,
    holdPolicy: DEFAULT_HOLD_POLICY,
    retentionDays: DEFAULT_RETENTION_DAYS,
  };
}
beforeEach(aNewTable);
afterEach(() => close());

describe("discovery over DynamoDB", () => {
  it("leaves the same register as over SQLite, at the same cost, in every step", async () => {
    const sqlite = (await createTestContext()).context;
    for (const state of [...STATES, STATES.at(-1) as SeenScope[]]) {
      const [there, here] = [context, sqlite].map((one) => one.table.meter.measure(() => aRun(state).deliver(one)));
      const [dynamo, embedded] = [await there, await here];
      expect(dynamo?.units).toEqual(embedded?.units);
      expect(dynamo?.result.completed?.totals).toEqual(embedded?.result.completed?.totals);
    }
    await settleHolds(context);
    await settleHolds(sqlite);
    expect(await snapshot(context)).toEqual(await snapshot(sqlite));
    expect(await found(context, "ip:10.0.0.45")).toEqual([anInstance(45).id]);
  });

  it("lets two collectors report a shared subnet at once, and neither undoes the other", async () => {
    const id = `arn:aws:ec2:us-east-1:${ACCOUNT}:subnet/subnet-1`;
    const network = `arn:aws:ec2:us-east-1:${ACCOUNT}:vpc/vpc-1`;
    const attributes = { subnetId: "subnet-1", network, ownerAccount: ACCOUNT, cloudReservedCount: 5 };
    const seen = (account: string, name: string): SeenScope => ({
      key: instanceScope({ account, kind: "subnet" }),
      resources: [{ id, name, tags: {}, attributes }],
    });
    const guest = { ...REPORTER, name: "guest" };
    for (let round = 0; round < 5; round++) {
      const runs = [
        aRun([seen(ACCOUNT, `owner-${round}`)]).deliver(context),
        aRun([seen(GUEST, `guest-${round}`)], { reporter: guest }).deliver(context),
      ];
      for (const { completed } of await Promise.all(runs)) expect(completed?.totals.retired).toBe(0);
    }
    const all = await snapshot(context);
    expect(all[id]).toMatchObject({ name: "owner-4", status: "active", indexed: true });
    expect(all[id]?.events.filter((type) => type === "created")).toHaveLength(1);
    await aRun([seen(ACCOUNT, "last"), { key: EAST, resources: many(0, 3) }]).deliver(context);
    expect(((await snapshot(context)) as Record<string, unknown>)[id]).toMatchObject({
      name: "last",
      claims: [`${REPORTER.name}:aws/${ACCOUNT}/us-east-1/subnet`, `guest:aws/${GUEST}/us-east-1/subnet`],
    });
  });

  it("lets runs of one collector on the same scopes at once end as the last of them alone would", async () => {
    const seen = (state: string): SeenScope[] => [{ key: EAST, resources: many(0, 30, { state }) }];
    await Promise.allSettled(["a", "b", "c", "d"].map((state) => aRun(seen(state)).deliver(context)));
    await aRun(seen("last")).deliver(context);
    const expected = Object.entries(await overSqlite([seen("last")]));
    const all = await snapshot(context);
    expect(Object.keys(all)).toHaveLength(30);
    for (const [id, { hash }] of expected) {
      expect(all[id]).toMatchObject({ hash, status: "active", indexed: true });
      expect(all[id]?.events.lastIndexOf("created")).toBe(0);
    }
  });

  it.each([0, 1, 2])(
    "killed at some write of run %i and tried again ends as if nothing had happened",
    async (before) => {
      const expected = await overSqlite(STATES.slice(0, 3));
      let died = true;
      for (let at = 2; died; at += 5) {
        await close();
        await aNewTable();
        await deliverAll(context, STATES.slice(0, before));
        const run = aRun(STATES[before] as SeenScope[]);
        const dying = { ...context, table: crashAt(context.table, at) };
        died = await run.deliver(dying).then(
          () => false,
          (error: unknown) => {
            if (!(error instanceof Crash)) throw error;
            return true;
          },
        );
        await run.deliver(context);
        await deliverAll(context, STATES.slice(before + 1, 3));
        expect(await snapshot(context), `killed at write ${at}`).toEqual(expected);
      }
    },
  );
});
