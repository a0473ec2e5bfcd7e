import { newAddresses, newPrefixes } from "@cadastre/contract/addresses/allocation";
import { newIp } from "@cadastre/contract/addresses/ip";
import { newTag } from "@cadastre/contract/addresses/tag";
import { parsePrefix } from "@cadastre/net/prefix";
import { union } from "@cadastre/net/set";
import type { Table } from "@cadastre/store/table";
import { describe, expect, test } from "vitest";
import { aContext as aBareContext, anActorOf, auditRecords, type TestContext } from "../../audit/testing.ts";
import { createTag, deleteTag } from "../tags/tags.ts";
import { aSpace } from "../testing.ts";
import { createIp } from "../tree/create-ip.ts";
import { deleteIp } from "../tree/delete-ip.ts";
import { allocateAddresses, allocatePrefixes, previewPrefixes } from "./allocate.ts";
import { createLanes } from "./lanes.ts";

interface InSpace extends TestContext {
  readonly space: string;
}

async function aContext(): Promise<InSpace> {
  const context = aBareContext();
  return { ...context, space: await aSpace(context) };
}

const ACTOR = anActorOf("service-account", "sva_1");

const plan = (context: InSpace, prefix: string, more: object = {}) =>
  createIp(context, ACTOR, context.space, newIp.parse({ prefix, ...more }));

const allocate = async (context: InSpace, id: string, more: object) => {
  const { items } = await allocatePrefixes(context, ACTOR, { space: context.space, id }, newPrefixes.parse(more));
  return items.map(({ prefix }) => prefix);
};

describe("an allocation", () => {
  test("gives the first that is free, and again what was given back", async () => {
    const context = await aContext();
    const { id } = await plan(context, "10.0.0.0/16");
    const first = await plan(context, "10.0.0.0/24");
    expect(await allocate(context, id, { prefixLength: 24 })).toEqual(["10.0.1.0/24"]);
    await deleteIp(context, ACTOR, context.space, first.id, {});
    expect(await allocate(context, id, { prefixLength: 24, count: 2 })).toEqual(["10.0.0.0/24", "10.0.2.0/24"]);
    const preview = await previewPrefixes(context, { space: context.space, id }, { prefixLength: 24, limit: 2 });
    expect(preview.items.map(({ prefix }) => prefix)).toEqual(["10.0.3.0/24", "10.0.4.0/24"]);
  });

  test("of more than there is gives nothing, and says what is left", async () => {
    const context = await aContext();
    const { id } = await plan(context, "10.0.0.0/22");
    await plan(context, "10.0.0.0/24");
    await expect(allocate(context, id, { prefixLength: 24, count: 4 })).rejects.toMatchObject({
      code: "addresses.no_space",
      extra: { largestFree: "10.0.2.0/23" },
    });
    expect(await allocate(context, id, { prefixLength: 24 })).toEqual(["10.0.1.0/24"]);
  });

  test("of 256 is one", async () => {
    const context = await aContext();
    const { id } = await plan(context, "10.0.0.0/16");
    const given = await allocate(context, id, { prefixLength: 24, count: 256 });
    expect(given).toHaveLength(256);
    expect(union(given.map((text) => parsePrefix(text)))).toEqual([parsePrefix("10.0.0.0/16")]);
    const actions = (await auditRecords(context)).map(({ action }) => action);
    expect(actions).toEqual(["space.create", "ip.create", "allocation.create"]);
  });

  test("of addresses leaves those of the network out", async () => {
    const context = await aContext();
    const { id } = await plan(context, "10.0.0.0/30");
    const give = () => allocateAddresses(context, ACTOR, { space: context.space, id }, newAddresses.parse({}));
    expect((await give()).items[0]?.prefix).toBe("10.0.0.1/32");
    expect((await give()).items[0]?.prefix).toBe("10.0.0.2/32");
    await expect(give()).rejects.toMatchObject({ code: "addresses.no_space", extra: { largestFree: null } });
  });
});

test("64 at once never overlap, and all are given", async () => {
  const context: InSpace = { ...(await aContext()), lanes: createLanes() };
  const { id } = await plan(context, "10.0.0.0/16");
  const given = await Promise.all(Array.from({ length: 256 }, () => allocate(context, id, { prefixLength: 24 })));
  expect(union(given.flat().map((text) => parsePrefix(text)))).toEqual([parsePrefix("10.0.0.0/16")]);
  expect(new Set(given.flat()).size).toBe(256);
});

test("a tag that is removed while a prefix is allocated with it is on none", async () => {
  const context = await aContext();
  const { id } = await plan(context, "10.0.0.0/16");
  await createTag(context, ACTOR, context.space, newTag.parse({ name: "env", type: "Inheritable" }));
  let isFirst = true;
  const table: Table = {
    ...context.table,
    async commit(writes) {
      if (isFirst) {
        isFirst = false;
        await deleteTag(context, ACTOR, context.space, "env");
      }
      return context.table.commit(writes);
    },
  };
  const allocated = allocate({ ...context, table }, id, { prefixLength: 24, tags: { env: "prod" } });
  await expect(allocated).rejects.toMatchObject({ code: "request.invalid", errors: [{ path: "tags.env" }] });
});
