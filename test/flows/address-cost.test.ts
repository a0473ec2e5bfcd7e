import { newAddresses, newPrefixes } from "@cadastre/contract/addresses/allocation";
import { newIp } from "@cadastre/contract/addresses/ip";
import { allocateAddresses, allocatePrefixes } from "@cadastre/core/addresses/allocation/allocate";
import { aSpace } from "@cadastre/core/addresses/testing";
import { readChain } from "@cadastre/core/addresses/tree/chain";
import { createIp } from "@cadastre/core/addresses/tree/create-ip";
import { IpLengthsItem } from "@cadastre/core/addresses/tree/items";
import { aContext, anActorOf, type TestContext } from "@cadastre/core/audit/testing";
import { parseAddress } from "@cadastre/net/address";
import { hostPrefix } from "@cadastre/net/prefix";
import { put } from "@cadastre/store/table";
import { describe, expect, test } from "vitest";
import { loadedId, loadPrefixes } from "../support/load-prefixes.ts";

const ACTOR = anActorOf("service-account", "sva_1");
const MANY = 100_000;

/** Every second block, so that no two are one in the windows: the most that so many prefixes can be there. */
const V4 = Array.from({ length: MANY }, (_, n) => `10.${n >> 11}.${(n >> 3) & 255}.${(n & 7) * 32}/28`);
const V6 = Array.from(
  { length: MANY },
  (_, n) => `2001:db8:${(n >> 15).toString(16)}:${((n & 32767) * 2).toString(16)}::/64`,
);

async function spent(context: TestContext, work: () => Promise<unknown>) {
  const { units, calls } = await context.table.meter.measure(work);
  return { all: units.read + units.write, read: units.read, calls };
}

describe("allocation of one prefix costs at most 40 units", () => {
  const give = (context: TestContext, space: string, id: string, prefixLength: number) =>
    allocatePrefixes(context, ACTOR, { space, id }, newPrefixes.parse({ prefixLength, name: "web" }));

  test("in an empty one, and in what that left", async () => {
    const context = aContext();
    const space = await aSpace(context);
    for (const prefix of ["10.0.0.0/8", "10.0.0.0/12", "10.0.0.0/16"])
      await createIp(context, ACTOR, space, newIp.parse({ prefix }));
    const { id } = await createIp(context, ACTOR, space, newIp.parse({ prefix: "10.0.0.0/20" }));
    for (let at = 0; at < 3; at++) {
      expect((await spent(context, () => give(context, space, id, 28))).all).toBeLessThanOrEqual(40);
      const address = () => allocateAddresses(context, ACTOR, { space, id }, newAddresses.parse({}));
      expect((await spent(context, address)).all).toBeLessThanOrEqual(40);
    }
  });

  test.each([
    ["10.0.0.0/8", V4, 28],
    ["2001:db8::/32", V6.slice(0, 10_000), 64],
  ])("among very many in hundreds of windows of %s", async (parent, children, length) => {
    const context = aContext();
    const space = await aSpace(context);
    expect(await loadPrefixes(context.table, { space, parent, children, written: 100 })).toBeGreaterThan(100);
    for (let at = 0; at < 3; at++)
      expect((await spent(context, () => give(context, space, loadedId(0), length))).all).toBeLessThanOrEqual(40);
  });
});

const upTo = (most: number, step: number) => Array.from({ length: Math.floor(most / step) }, (_, n) => (n + 1) * step);

describe("what contains an address is found in two round trips and 25 read units", () => {
  // Each length in use is an exact key: how many prefixes there are makes no difference, and so many lengths are more than people use.
  test.each([
    ["10.0.0.0/8", V4, "10.0.0.33", upTo(32, 1), ["10.0.0.32/28", "10.0.0.0/8"]],
    ["2001:db8::/32", V6, "2001:db8:0:2::1", upTo(128, 3), ["2001:db8:0:2::/64", "2001:db8::/32"]],
  ])("in %s, in prefixes of all lengths", async (parent, children, address, more, found) => {
    const context = aContext();
    const { table } = context;
    const space = await aSpace(context);
    const at = hostPrefix(parseAddress(address));
    await loadPrefixes(table, { space, parent, children: children.slice(0, 1000) });
    const lengths = [...new Set([8, 28, 32, 64, ...more])].filter((length) => length <= at.length);
    await table.load([put(IpLengthsItem, { space, family: at.family, lengths: lengths.sort((a, b) => a - b) })]);
    const look = async () => {
      const chain = await readChain(table, space, at, { consistent: false });
      expect(chain.map(({ prefix }) => prefix)).toEqual(found);
    };
    const { read, calls } = await spent(context, look);
    expect(read).toBeLessThanOrEqual(25);
    expect(calls).toBe(2);
  });
});
