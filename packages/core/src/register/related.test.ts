import { put } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { IndexItem } from "../subjects/items.ts";
import { resourceEntries } from "./entries.ts";
import { relatedTo } from "./related.ts";
import { aResourceItem, arn, GUEST, register } from "./testing.ts";
import type { StoredResource } from "./view.ts";

const VPC = arn("vpc/vpc-1");
const INSTANCE = aResourceItem(arn("instance/i-1"), { network: VPC });
const OTHER = aResourceItem(arn("instance/i-2"));
const anAddress = (n: number, attachedTo = INSTANCE.id, account?: string) =>
  aResourceItem(arn(`elastic-ip/e-${n}`, account), { attachedTo: [attachedTo] });

async function index(context: Context, ...resources: StoredResource[]): Promise<void> {
  const entries = resources.flatMap((one) => resourceEntries(one));
  await context.table.load(entries.map((entry) => put(IndexItem, entry)));
}
async function having(...resources: StoredResource[]): Promise<Context> {
  const context = aContext();
  await register(context, INSTANCE, OTHER, ...resources);
  await index(context, INSTANCE, OTHER, ...resources);
  return context;
}
async function pages(context: Context, limit: number): Promise<string[][]> {
  const all: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await relatedTo(context, INSTANCE.id, { limit, cursor });
    all.push(page.items.map(({ relation, direction, id }) => `${relation} ${direction} ${id.split("/").at(-1)}`));
    if (all.length > 20) throw new Error("the list has no end");
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
}
const KNOWN = "in-network to vpc-1";

describe("what is related to a resource", () => {
  it("is what it names first, known or not, then what names it, on pages as long as is asked for", async () => {
    const context = await having(...[1, 2, 3].map((n) => anAddress(n)));
    const naming = (await pages(context, 100)).flat().slice(1);
    expect(naming.toSorted()).toEqual([1, 2, 3].map((n) => `attached-to from e-${n}`));
    expect(await pages(context, 100)).toEqual([[KNOWN, ...naming]]);
    expect(await pages(context, 2)).toEqual([[KNOWN, naming[0]], naming.slice(1)]);
    expect(await pages(context, 1)).toEqual([[KNOWN, naming[0]], [naming[1]], [naming[2]]]);
  });

  it("has the resource itself where the register has it, and the caller may see it", async () => {
    const network = aResourceItem(VPC);
    const first = async (context: Context) => (await relatedTo(context, INSTANCE.id, { limit: 10 })).items[0];
    const context = await having(network);
    expect(await first(context)).toMatchObject({ id: VPC, resource: { id: VPC } });
    expect(await first(await having())).toEqual({ relation: "in-network", direction: "to", id: VPC });
  });

  it("is nothing that is retired, or names something else by now, whatever the index still says", async () => {
    const gone = { ...anAddress(1), status: "retired" as const };
    const context = await having(anAddress(2, OTHER.id), anAddress(3));
    await register(context, gone);
    await index(context, anAddress(1), anAddress(2));
    expect((await pages(context, 10)).flat()).toEqual([KNOWN, "attached-to from e-3"]);
  });

  it("is told by each relation that names it, and no other of the same resource", async () => {
    const both = aResourceItem(arn("elastic-ip/e-1"), { attachedTo: [OTHER.id, INSTANCE.id] });
    expect((await pages(await having(both), 10)).flat()).toEqual([KNOWN, "attached-to from e-1"]);
  });

  it("is nothing that the caller may not see", async () => {
    const context = await having(anAddress(1), anAddress(2, INSTANCE.id, GUEST));
    const limited: Context = { ...context, restriction: { accounts: ["aws/111122223333"] } };
    expect((await pages(limited, 10)).flat()).toEqual([KNOWN, "attached-to from e-1"]);
  });

  it("goes on by a cursor of the same resource", async () => {
    const context = await having(anAddress(1), anAddress(2));
    const { cursor } = await relatedTo(context, INSTANCE.id, { limit: 1 });
    await expect(relatedTo(context, OTHER.id, { limit: 1, cursor })).rejects.toMatchObject({ code: "cursor.invalid" });
  });
});
