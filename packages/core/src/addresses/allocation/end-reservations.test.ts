import { newPrefixes } from "@cadastre/contract/addresses/allocation";
import { newIp } from "@cadastre/contract/addresses/ip";
import { describe, expect, test } from "vitest";
import { statedIn } from "../../../../../test/support/address-tree.ts";
import { Crash, crashAt } from "../../../../../test/support/crashing-table.ts";
import { runJobs } from "../../../../../test/support/run-jobs.ts";
import { aContext, anActorOf, auditRecords, type TestContext } from "../../audit/testing.ts";
import { aSpace } from "../testing.ts";
import { createIp } from "../tree/create-ip.ts";
import { expandIp } from "../tree/expand.ts";
import { IpPastItem, spacePartition } from "../tree/items.ts";
import { listIps } from "../tree/list.ts";
import { settle } from "../tree/pending.ts";
import { queryAll } from "../tree/query-all.ts";
import { getIp } from "../tree/read-ips.ts";
import { replaceIp } from "../tree/replace-ip.ts";
import { allocatePrefixes } from "./allocate.ts";
import { endReservations } from "./end-reservations.ts";

const ACTOR = anActorOf("service-account", "sva_1");
const SOON = 60;

/** A space with a prefix of four blocks, of which one is reserved for a minute, with one inside it. */
async function aReservation() {
  const context = aContext();
  const space = await aSpace(context);
  const plan = (prefix: string, more: object = {}) => createIp(context, ACTOR, space, newIp.parse({ prefix, ...more }));
  const parent = await plan("10.0.0.0/22");
  const reserveUntil = new Date(context.now().getTime() + SOON * 1000).toISOString();
  const reserved = await plan("10.0.0.0/24", { reserveUntil });
  const inner = await plan("10.0.0.0/28");
  return { context, space, parent, reserved, inner, plan };
}

const prefixesIn = async (context: TestContext, space: string) =>
  (await listIps(context, space, {}, { limit: 100 })).items.map(({ prefix }) => prefix);

const endings = async (context: TestContext) =>
  (await auditRecords(context)).filter(({ action }) => action === "ip.end-reservation");

describe("a reservation that has ended", () => {
  test("is gone for all who ask, and what is inside it stays", async () => {
    const { context, space, parent, reserved, inner } = await aReservation();
    context.advance(SOON - 1);
    expect(await prefixesIn(context, space)).toContain("10.0.0.0/24");
    context.advance(1);
    const { utilization } = await expandIp(context, space, parent.id, { utilization: true });
    expect(utilization).toMatchObject({ reserved: 0, used: 15 });
    expect(await prefixesIn(context, space)).toEqual(["10.0.0.0/22", "10.0.0.0/28"]);
    expect((await getIp(context, space, inner.id)).parentId).toBe(parent.id);
    await expect(getIp(context, space, reserved.id)).rejects.toMatchObject({ code: "ip.not_found" });
  });

  test("is given again, and planned again", async () => {
    const { context, space, parent, plan } = await aReservation();
    context.advance(SOON);
    const wish = newPrefixes.parse({ prefixLength: 25, strategy: "first-fit" });
    const { items } = await allocatePrefixes(context, ACTOR, { space, id: parent.id }, wish);
    expect(items[0]?.prefix).toBe("10.0.0.128/25");
    expect((await plan("10.0.0.0/25")).parentId).toBe(parent.id);
    expect((await statedIn(context.table, space)).said).toEqual((await statedIn(context.table, space)).expected);
  });

  test("leaves one record of the service, and what it was", async () => {
    const { context, space, reserved } = await aReservation();
    context.advance(SOON);
    await Promise.all([1, 2, 3].map(() => settle(context, space)));
    expect(await endings(context)).toMatchObject([{ actor: "system", target: `${space}/${reserved.id}` }]);
    const past = await queryAll(context.table, IpPastItem, { partition: `${spacePartition(space)}#past` });
    expect(past.map(({ was }) => was.id)).toEqual([reserved.id]);
  });

  test("goes without anybody who asks", async () => {
    const { context } = await aReservation();
    context.advance(SOON);
    await runJobs(context, [endReservations]);
    expect(await endings(context)).toHaveLength(1);
  });

  test("killed at any write, goes once", async () => {
    for (let at = 1; ; at++) {
      const { context, space } = await aReservation();
      context.advance(SOON);
      const died = await settle({ ...context, table: crashAt(context.table, at) }, space).then(
        () => false,
        (error) => error instanceof Crash,
      );
      await settle(context, space);
      expect(await endings(context)).toHaveLength(1);
      const { said, expected } = await statedIn(context.table, space);
      expect(said).toEqual(expected);
      if (!died) break;
    }
  });
});

test.each([
  ["reserved for longer", { reserveUntil: "2030-01-01T00:00:00Z" }],
  ["in use", { status: "active" }],
])("a reservation that is %s by then stays", async (_, more) => {
  const { context, space, reserved } = await aReservation();
  const { prefix } = reserved;
  await replaceIp(context, ACTOR, space, reserved.id, newIp.parse({ prefix, ...more }), {});
  context.advance(SOON);
  await runJobs(context, [endReservations]);
  expect(await prefixesIn(context, space)).toContain(prefix);
  expect(await endings(context)).toEqual([]);
});
