import { anActorOf } from "@cadastre/core/audit/testing";
import type { Context } from "@cadastre/core/context";
import { approveHold, listHolds } from "@cadastre/core/discovery/holds";
import { listScopes } from "@cadastre/core/discovery/list-scopes";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { Crash, crashAt } from "../support/crashing-table.ts";
import { anInstance, aRun, instanceScope, type Raw, type SeenScope } from "../support/estate.ts";
import { snapshot } from "../support/register.ts";
import { runJobs } from "../support/run-jobs.ts";

const EAST = instanceScope();
const WEST = instanceScope({ region: "us-west-2" });
const many = (from: number, to: number, more: Parameters<typeof anInstance>[1] = {}): Raw[] =>
  Array.from({ length: to - from }, (_, n) => anInstance(from + n, more));

/** Three states of a small estate, one after the other: things come, change their addresses, go, and come back. */
const STATES: SeenScope[][] = [
  [
    { key: EAST, resources: many(0, 100) },
    { key: WEST, resources: many(100, 103, { region: "us-west-2" }) },
  ],
  [
    {
      key: EAST,
      resources: [...many(12, 90), anInstance(90, { address: "10.9.0.1", tags: { env: "new" } }), ...many(200, 203)],
    },
    { key: WEST, resources: many(100, 103, { region: "us-west-2", state: "stopped" }) },
  ],
  [
    { key: EAST, resources: [...many(5, 90), ...many(200, 202)] },
    { key: WEST, status: "failed", errors: [{ code: "denied", message: "no" }], resources: [] },
  ],
];

async function deliverAll(context: Context, states: readonly SeenScope[][]): Promise<void> {
  for (const state of states) await aRun(state).deliver(context);
}

const withoutCrash = async () => {
  const { context } = await createTestContext();
  await deliverAll(context, STATES);
  return snapshot(context);
};

/** Delivers the first `before` states, and the next one until it dies at its n-th write. Answers whether it died. */
async function dieIn(before: number, at: number) {
  const { context, table } = await createTestContext();
  await deliverAll(context, STATES.slice(0, before));
  const run = aRun(STATES[before] as SeenScope[]);
  const dying = crashAt(table, at);
  const died = await run.deliver({ ...context, table: dying }).then(
    () => false,
    (error: unknown) => {
      if (!(error instanceof Crash)) throw error;
      return true;
    },
  );
  return { context, run, died };
}

describe.each([0, 1, 2])("killed at any write of run %i of three", (before) => {
  it("and retried as the same run, the register ends as if nothing had happened", async () => {
    const expected = await withoutCrash();
    let at = 0;
    for (let died = true; died; ) {
      at++;
      const attempt = await dieIn(before, at);
      died = attempt.died;
      await attempt.run.deliver(attempt.context);
      await deliverAll(attempt.context, STATES.slice(before + 1));
      expect(await snapshot(attempt.context), `killed at write ${at}`).toEqual(expected);
    }
    expect(at).toBeGreaterThan(4);
  });

  it("and followed by new runs, the register ends in the same state with no event twice", async () => {
    const expected = await withoutCrash();
    for (let at = 1, died = true; died; at++) {
      const attempt = await dieIn(before, at);
      died = attempt.died;
      await deliverAll(attempt.context, STATES.slice(before));
      expect(await snapshot(attempt.context), `killed at write ${at}`).toEqual(expected);
    }
  });

  it("and followed by what the estate was before, the register shows what it was before", async () => {
    const control = await createTestContext();
    await deliverAll(control.context, STATES.slice(0, before));
    const expected = Object.entries(await snapshot(control.context));
    for (let at = 1, died = before > 0; died; at++) {
      const attempt = await dieIn(before, at);
      died = attempt.died;
      await aRun(STATES[before - 1] as SeenScope[]).deliver(attempt.context);
      const after = await snapshot(attempt.context);
      for (const [id, state] of expected) {
        const { status, hash } = state;
        expect(after[id], `${id}, killed at write ${at}`).toMatchObject({ status, hash, indexed: true });
      }
      for (const [id, state] of Object.entries(after)) {
        if (!expected.some(([known]) => known === id))
          expect(state.status, `${id}, killed at write ${at}`).toBe("retired");
      }
    }
  });
});

// The first record of a person makes the key that seals it, in a commit of its own: the decision is then the second write.
describe.each([
  { by: "a service account", operator: anActorOf("service-account", "sva_1"), decision: 1 },
  { by: "a person of whom there was no record", operator: anActorOf("user", "usr_1"), decision: 2 },
])("an approval by $by, killed at any write", ({ operator, decision }) => {
  it("goes on by itself once it is decided: everything it was about is retired, once, and the scope shows no hold", async () => {
    const prepare = async () => {
      const { context, clock, table } = await createTestContext();
      await aRun([{ key: EAST, resources: many(0, 90) }]).deliver(context);
      await aRun([{ key: EAST, resources: many(0, 20) }]).deliver(context);
      const [hold] = (await listHolds(context, { limit: 1, state: "pending" })).items;
      return { context, clock, table, hold: hold?.id as string };
    };
    const whole = await prepare();
    await approveHold(whole.context, operator, whole.hold, {});
    const expected = await snapshot(whole.context);
    let at = 0;
    for (let died = true; died; ) {
      at++;
      const { context, clock, table, hold } = await prepare();
      const dying = crashAt(table, at);
      const answered = await approveHold({ ...context, table: dying }, operator, hold, {}).then(
        () => true,
        () => false,
      );
      died = dying.writes() >= at;
      expect(answered, `killed at write ${at}`).toBe(at > decision);
      if (!answered) await approveHold(context, operator, hold, {});
      clock.forward(61);
      await runJobs(context);
      expect(await snapshot(context), `killed at write ${at}`).toEqual(expected);
      const { items } = await listScopes(context, { limit: 10 });
      expect(items[0], `killed at write ${at}`).toMatchObject({ missing: 0 });
      expect(items[0]?.hold, `killed at write ${at}`).toBeUndefined();
      expect((await aRun([{ key: EAST, resources: many(0, 20) }]).deliver(context)).uploads).toBe(0);
    }
    expect(at).toBeGreaterThan(decision + 3);
  });
});
