import { put } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { IndexItem } from "../subjects/items.ts";
import { createEntries } from "../subjects/keys.ts";
import { resourceEntries } from "./entries.ts";
import { networkOf } from "./network.ts";
import { aResourceItem, arn, GUEST, register } from "./testing.ts";
import type { StoredResource } from "./view.ts";

const gcp = (name: string, project = "acme") => `//compute.googleapis.com/projects/${project}/global/networks/${name}`;
const aNetwork = (id: string, more: Partial<StoredResource> = {}) => aResourceItem(id, { networkId: "" }, more);
const VPC = aNetwork(arn("vpc/vpc-1"), { name: "Main", tags: { env: "prod" } });

async function having(...resources: StoredResource[]): Promise<Context> {
  const context = aContext();
  await register(context, ...resources);
  const entries = resources.flatMap((one) => resourceEntries(one));
  await context.table.load(entries.map((entry) => put(IndexItem, entry)));
  return context;
}

/** As many entries of machines, which stand before a network of this name. */
async function tagged(context: Context, name: string, many: number): Promise<void> {
  const entries = Array.from({ length: many }, (_, n) => {
    const own = createEntries("active", { type: "resource", hint: "instance", key: String(n) });
    own.named({ words: [], tags: { vpc: name }, prefixes: [] });
    return own.all();
  });
  await context.table.load(entries.flat().map((entry) => put(IndexItem, entry)));
}

describe("the network that a text names", () => {
  it("is a natural id as it is, without a look", async () => {
    const context = aContext();
    const { calls } = await context.table.meter.measure(async () => {
      expect(await networkOf(context, VPC.id)).toBe(VPC.id);
      expect(await networkOf(context, gcp("main"))).toBe(gcp("main"));
    });
    expect(calls).toBe(0);
  });

  it("is the one that ends so, or has this short id, active or retired", async () => {
    const gone = aNetwork(arn("vpc/vpc-2"), { status: "retired", retiredAt: "2026-01-03T00:00:00.000Z" });
    const context = await having(VPC, gone, aNetwork(gcp("vpc-10")), aNetwork(arn("vpc/vpc-11")));
    expect(await networkOf(context, "vpc-1")).toBe(VPC.id);
    expect(await networkOf(context, `res_${VPC.idHash}`)).toBe(VPC.id);
    expect(await networkOf(context, "vpc-2")).toBe(gone.id);
    expect(await networkOf(context, "vpc-10")).toBe(gcp("vpc-10"));
  });

  it("is none where there is none, by a part of its id, by its name, or by what is another kind's", async () => {
    const subnet = aResourceItem(arn("subnet/subnet-1"));
    const context = await having(VPC, subnet);
    for (const text of ["vpc-9", "vpc", "Main", "vpc/vpc-1", "VPC-1", "prod", "vpc-*", "*", "", "subnet-1", subnet.id])
      await expect(networkOf(context, text), text).rejects.toMatchObject({ code: "resource.not_found" });
    const long = "x".repeat(1000);
    await expect(networkOf(context, long)).rejects.toThrow(
      `no network has the id ${"x".repeat(200)}; a natural id is taken as it is`,
    );
  });

  it("is none that the caller may not see, which is told alike", async () => {
    const context = await having(VPC);
    const limited: Context = { ...context, restriction: { accounts: [`aws/${GUEST}`] } };
    const told = (text: string) => networkOf(limited, text).catch((error: Error) => error.message.replace(text, "…"));
    expect(await told("vpc-1")).toBe(await told("vpc-9"));
  });

  it("has to be said by its natural id where several are called so: five of those are told", async () => {
    const ids = ["a", "b", "c", "d", "e", "f"].map((project) => gcp("default", project));
    const context = await having(...ids.map((id) => aNetwork(id)));
    const refused = networkOf(context, "default");
    await expect(refused).rejects.toMatchObject({
      code: "query.invalid",
      errors: [
        { path: "network", message: expect.stringMatching(/^several networks are called so; give the natural id: /) },
      ],
    });
    const message = await refused.catch((error: Error) => error.message);
    expect(message).toMatch(/^network: several networks/);
    expect(ids.filter((id) => message.includes(id))).toHaveLength(5);
    expect(message).toContain(", //compute");
    const two = await having(VPC, aNetwork(arn("vpc/vpc-1", GUEST)));
    await expect(networkOf(two, "vpc-1")).rejects.toMatchObject({ code: "query.invalid" });
  });

  it("is found however much else is called so, and asked for otherwise where that is too much to go through", async () => {
    const context = await having(aNetwork(gcp("main")));
    await tagged(context, "main", 6000);
    expect(await networkOf(context, "main")).toBe(gcp("main"));
    await tagged(context, "main", 15_500);
    await expect(networkOf(context, "main")).rejects.toMatchObject({ code: "query.invalid" });
    expect(await networkOf(context, gcp("main"))).toBe(gcp("main"));
  });
});
