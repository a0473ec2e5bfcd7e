import { newId } from "@cadastre/contract/ids";
import { getResource } from "@cadastre/core/register/resources";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { ACCOUNT, anInstance, aRun, instanceScope, type Raw, REPORTER, type SeenScope } from "../support/estate.ts";
import { found } from "../support/register.ts";

const EAST = instanceScope();
const many = (count: number, more: Parameters<typeof anInstance>[1] = {}): Raw[] =>
  Array.from({ length: count }, (_, n) => anInstance(n, more));
const scope = (resources: readonly Raw[], more: Partial<SeenScope> = {}): SeenScope => ({
  key: EAST,
  resources,
  ...more,
});

describe("a resource that two accounts see", () => {
  const OTHER = "444455556666";
  const subnet = (name: string): Raw => ({
    id: `arn:aws:ec2:us-east-1:${ACCOUNT}:subnet/subnet-7`,
    name,
    tags: name ? { Name: name } : {},
    attributes: {
      subnetId: "subnet-7",
      network: `arn:aws:ec2:us-east-1:${ACCOUNT}:vpc/vpc-1`,
      ownerAccount: ACCOUNT,
      cloudReservedCount: 5,
      blocks: [{ prefix: "10.7.0.0/24", role: "primary", state: "associated" }],
    },
  });
  const filler = (account: string): Raw[] =>
    [1, 2, 3, 4].map((n) => ({ ...subnet(""), id: `arn:aws:ec2:us-east-1:${account}:subnet/subnet-f${n}` }));
  const owner = (more: Raw[]): SeenScope => ({
    key: instanceScope({ kind: "subnet" }),
    resources: [...filler(ACCOUNT), ...more],
  });
  const guest = (more: Raw[]): SeenScope => ({
    key: instanceScope({ kind: "subnet", account: OTHER }),
    resources: [...filler(OTHER), ...more],
  });
  const id = subnet("").id;

  it("is one resource, and what the owner says of it counts, in whatever order they report", async () => {
    for (const order of [
      [owner([subnet("shared")]), guest([subnet("")])],
      [guest([subnet("")]), owner([subnet("shared")])],
    ]) {
      const { context } = await createTestContext();
      for (const seen of order) await aRun([seen]).deliver(context);
      expect(await getResource(context, id)).toMatchObject({ account: ACCOUNT, name: "shared", status: "active" });
      expect((await getResource(context, id)).observedBy).toHaveLength(2);
      expect(await found(context, "ip:10.7.0.9 name:shared")).toEqual([id]);
      expect(await found(context, `account:${ACCOUNT} name:shared`)).toEqual([id]);
      expect(await found(context, `account:${OTHER} name:shared`)).toEqual([id]);
    }
  });

  it("stays while one of them sees it, and goes when its owner no longer has it", async () => {
    const { context } = await createTestContext();
    await aRun([owner([subnet("shared")]), guest([subnet("")])]).deliver(context);
    await aRun([owner([subnet("shared")]), guest([])]).deliver(context);
    expect(await getResource(context, id)).toMatchObject({
      status: "active",
      observedBy: [{ scope: `aws/${ACCOUNT}/us-east-1/subnet` }],
    });
    await aRun([owner([subnet("shared")]), guest([subnet("")])]).deliver(context);
    await aRun([owner([]), guest([subnet("")])]).deliver(context);
    expect(await getResource(context, id)).toMatchObject({ status: "retired" });
  });
});

describe("a resource that two sources of one account see", () => {
  const other = { ...REPORTER, id: newId("collector", new Date(1)), name: "files" };

  it("stays until both of them no longer have it", async () => {
    const { context } = await createTestContext();
    await aRun([scope(many(9))]).deliver(context);
    await aRun([scope(many(9))], { reporter: other }).deliver(context);
    await aRun([scope(many(9).slice(1))]).deliver(context);
    expect(await getResource(context, anInstance(0).id)).toMatchObject({
      status: "active",
      observedBy: [{ source: "files" }],
    });
    await aRun([scope(many(9).slice(1))], { reporter: other }).deliver(context);
    expect(await getResource(context, anInstance(0).id)).toMatchObject({ status: "retired" });
  });
});
