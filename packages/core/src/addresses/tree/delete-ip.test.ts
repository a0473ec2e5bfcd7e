import { newIp } from "@cadastre/contract/addresses/ip";
import { create } from "@cadastre/store/table";
import { describe, expect, test } from "vitest";
import { runJobs } from "../../../../../test/support/run-jobs.ts";
import { aContext, anAdmin, auditRecords, type TestContext } from "../../audit/testing.ts";
import { AddressTagItem } from "../tags/items.ts";
import { aSpace } from "../testing.ts";
import { createIp } from "./create-ip.ts";
import { deleteIp } from "./delete-ip.ts";
import { deleteSubtree, previewRemoval } from "./delete-subtree.ts";
import { listIps } from "./list.ts";
import { getIp } from "./read-ips.ts";

interface InSpace extends TestContext {
  readonly space: string;
}

async function inSpace(): Promise<InSpace> {
  const context = aContext();
  const space = await aSpace(context);
  const at = context.now().toISOString();
  const common = { space, knownValues: [], attributes: {}, implies: {}, createdOn: at, modifiedOn: at };
  await context.table.commit([
    create(AddressTagItem, { ...common, name: "env", type: "Inheritable" }),
    create(AddressTagItem, { ...common, name: "note", type: "NonInheritable" }),
  ]);
  return { ...context, space };
}

const plan = (context: InSpace, prefix: string, more: object = {}) =>
  createIp(context, anAdmin, context.space, newIp.parse({ prefix, ...more }));

const prefixesOf = async (context: InSpace) => {
  const { items } = await listIps(context, context.space, {}, { limit: 200 });
  return items.map(({ prefix }) => prefix);
};

describe("a prefix that is removed", () => {
  test.each([3, 40])("hands its inheritable tags down to its %i children, and to nobody else", async (count) => {
    const context = await inSpace();
    const parent = await plan(context, "10.0.0.0/16", { tags: { env: "prod", note: "mine" } });
    const own = await plan(context, "10.0.0.0/24", { tags: { env: "test" } });
    const below = await plan(context, "10.0.0.0/25");
    const children = [];
    for (let n = 1; n <= count; n++) children.push(await plan(context, `10.0.${n}.0/24`));
    await deleteIp(context, anAdmin, context.space, parent.id, {});
    for (const { id } of children)
      expect(await getIp(context, context.space, id)).toMatchObject({ parentId: null, tags: { env: "prod" } });
    expect(await getIp(context, context.space, own.id)).toMatchObject({ tags: { env: "test" }, version: own.version });
    expect(await getIp(context, context.space, below.id)).toMatchObject({
      tags: {},
      resolvedTags: { env: "test" },
      version: below.version,
    });
    expect((await auditRecords(context)).filter(({ action }) => action === "ip.delete")).toHaveLength(1);
  });

  test.each([3, 30])("takes the %i inside it along when that is asked for", async (count) => {
    const context = await inSpace();
    const parent = await plan(context, "10.0.0.0/16");
    await plan(context, "10.1.0.0/16");
    for (let n = 1; n <= count; n++) await plan(context, `10.0.${n}.0/24`);
    expect(await previewRemoval(context, context.space, parent.id)).toEqual({ removed: count + 1 });
    const { removed, job } = await deleteSubtree(context, anAdmin, context.space, parent.id, {});
    expect([removed, job !== undefined]).toEqual([count + 1, count === 30]);
    await runJobs(context);
    expect(await prefixesOf(context)).toEqual(["10.1.0.0/16"]);
    await plan(context, "10.0.0.0/16");
  });
});
