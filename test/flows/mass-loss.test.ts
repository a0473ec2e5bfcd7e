import { anActorOf } from "@cadastre/core/audit/testing";
import { approveHold, listHolds, rejectHold } from "@cadastre/core/discovery/holds";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { anInstance, aRun, instanceScope, type Raw, type SeenScope } from "../support/estate.ts";
import { found, scopesByName } from "../support/register.ts";

const OPERATOR = anActorOf("user", "usr_1", "req_2");
const EAST = instanceScope();
const many = (count: number, more: Parameters<typeof anInstance>[1] = {}): Raw[] =>
  Array.from({ length: count }, (_, n) => anInstance(n, more));
const scope = (resources: readonly Raw[], more: Partial<SeenScope> = {}): SeenScope => ({
  key: EAST,
  resources,
  ...more,
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
