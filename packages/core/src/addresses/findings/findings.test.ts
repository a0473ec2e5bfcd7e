import { FINDING_RULE_IDS, type FindingRule } from "@cadastre/contract/addresses/findings";
import { newIp } from "@cadastre/contract/addresses/ip";
import { prefixInterval } from "@cadastre/net/interval";
import { parsePrefix } from "@cadastre/net/prefix";
import { expect, test } from "vitest";
import { aContext, anActorOf } from "../../audit/testing.ts";
import { aSpace } from "../testing.ts";
import { createIp } from "../tree/create-ip.ts";
import { freeSpace, freeSpaceOf } from "./free-space.ts";
import { listFindings } from "./list.ts";

const ACTOR = anActorOf("service-account", "sva_1");

test("rules find what is not as it is wanted, also over pages, and owners count for all that is inside", async () => {
  const context = aContext();
  const space = await aSpace(context);
  const plan = (prefix: string, more: object = {}) => createIp(context, ACTOR, space, newIp.parse({ prefix, ...more }));
  await plan("10.0.0.0/8", { status: "container", name: "prod-all", owner: "network" });
  await plan("10.1.0.0/16", { status: "container", name: "prod-empty" });
  await plan("10.2.0.0/16", { status: "container", name: "stage" });
  await plan("10.2.1.0/24");
  await plan("8.8.8.0/24", { name: "prod-dns" });
  await plan("100.64.0.0/10", { name: "prod-nat", owner: "x" });
  await plan("fd00::/48", { name: "prod-six", owner: "x" });
  await plan("2001:db8::/32", { name: "prod-doc", owner: "x" });
  const found = async (rules: readonly FindingRule[], more: object = {}, limit = 2) => {
    const all: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listFindings(context, space, { rules, tags: [], ...more }, { limit, cursor });
      all.push(...page.items.map(({ rule, prefix }) => `${rule} ${prefix}`));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return all;
  };
  expect(await found(["container.empty"])).toEqual(["container.empty 10.1.0.0/16"]);
  expect(await found(["name.missing"])).toEqual(["name.missing 10.2.1.0/24"]);
  expect(await found(["name.pattern"], { name: "prod-*" })).toEqual(["name.pattern 10.2.0.0/16"]);
  expect(await found(["name.pattern"])).toEqual([]);
  expect(await found(["owner.missing"])).toEqual(["owner.missing 8.8.8.0/24"]);
  expect(await found(["prefix.public"])).toEqual(["prefix.public 8.8.8.0/24", "prefix.public 2001:db8::/32"]);
  expect(await found(["tag.missing"], { tags: ["env"] })).toHaveLength(8);
  expect(await found(["tag.missing", "name.missing"], { tags: ["env"], within: "10.2.0.0/16" })).toEqual([
    "tag.missing 10.2.0.0/16",
    "tag.missing 10.2.1.0/24",
    "name.missing 10.2.1.0/24",
  ]);
  expect(await found(FINDING_RULE_IDS)).toEqual(await found(FINDING_RULE_IDS, {}, 50));
  await context.table.close();
});

test("free space is told in blocks and gaps, and is not fragmented where it is one block", async () => {
  const context = aContext();
  const space = await aSpace(context);
  const plan = (prefix: string) => createIp(context, ACTOR, space, newIp.parse({ prefix, status: "container" }));
  const { id } = await plan("10.0.0.0/24");
  expect(await freeSpace(context, space, id)).toEqual({
    prefix: "10.0.0.0/24",
    free: 256,
    largest: "10.0.0.0/24",
    fragmentation: "0",
    blocks: [{ prefixLength: 24, count: 1 }],
    gaps: [{ first: "10.0.0.0", last: "10.0.0.255", size: 256 }],
  });
  await plan("10.0.0.64/26");
  expect(await freeSpace(context, space, id)).toMatchObject({
    free: 192,
    largest: "10.0.0.128/25",
    // 64 of 192 are not in the largest block.
    fragmentation: "33.33",
    blocks: [
      { prefixLength: 25, count: 1 },
      { prefixLength: 26, count: 1 },
    ],
    gaps: [
      { first: "10.0.0.128", last: "10.0.0.255", size: 128 },
      { first: "10.0.0.0", last: "10.0.0.63", size: 64 },
    ],
  });
  await context.table.close();
  expect(freeSpaceOf([])).toEqual({ free: 0, largest: null, fragmentation: "0", blocks: [], gaps: [] });
  const six = freeSpaceOf([prefixInterval(parsePrefix("2001:db8::/32"))]);
  expect(six).toMatchObject({ free: String(1n << 96n), fragmentation: "0" });
});
