import { anActorOf } from "@cadastre/core/audit/testing";
import { actorName } from "@cadastre/core/context";
import { listHistory } from "@cadastre/core/register/history";
import { annotateResource, getResource } from "@cadastre/core/register/resources";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { ACCOUNT, ACTOR, anInstance, aRun, instanceScope, type Raw, type SeenScope } from "../support/estate.ts";
import { found, historyTypes } from "../support/register.ts";

const OPERATOR = anActorOf("user", "usr_1", "req_2");
const EAST = instanceScope();
const scope = (resources: readonly Raw[], more: Partial<SeenScope> = {}): SeenScope => ({
  key: EAST,
  resources,
  ...more,
});

describe("changes", () => {
  it("are events with the values before and after", async () => {
    const { context } = await createTestContext();
    await aRun([scope([anInstance(1, { tags: { env: "prod", old: "x" } })])]).deliver(context);
    await aRun([scope([anInstance(1, { state: "stopped", tags: { env: "test" } })])]).deliver(context);
    const { items } = await listHistory(context, anInstance(1).id, { limit: 10 });
    expect(items[0]).toMatchObject({
      sequence: 2,
      type: "updated",
      actor: actorName(ACTOR),
      changes: [
        { path: "attributes.state", before: "running", after: "stopped" },
        { path: "tags.env", before: "prod", after: "test" },
        { path: "tags.old", before: "x" },
      ],
    });
  });

  it("are not made by element order or by volatile attributes", async () => {
    const { context } = await createTestContext();
    const subnet = (free: number, blocks: string[]): Raw => ({
      id: `arn:aws:ec2:us-east-1:${ACCOUNT}:subnet/subnet-1`,
      name: "",
      tags: {},
      attributes: {
        subnetId: "subnet-1",
        network: `arn:aws:ec2:us-east-1:${ACCOUNT}:vpc/vpc-1`,
        ownerAccount: ACCOUNT,
        cloudReservedCount: 5,
        blocks: blocks.map((prefix) => ({ prefix, role: "primary", state: "associated" })),
      },
      volatile: { availableAddressCount: free },
    });
    const key = instanceScope({ kind: "subnet" });
    await aRun([{ key, resources: [subnet(10, ["10.0.0.0/24", "10.0.1.0/24"])] }]).deliver(context);
    expect((await aRun([{ key, resources: [subnet(9, ["10.0.1.0/24", "10.0.0.0/24"])] }]).open(context)).state).toBe(
      "unchanged",
    );
  });

  it("of an address that moves between two instances in one run are no conflict", async () => {
    const { context } = await createTestContext();
    await aRun([scope([anInstance(1, { address: "10.9.9.1" }), anInstance(2, { address: "10.9.9.2" })])]).deliver(
      context,
    );
    const { completed } = await aRun([
      scope([anInstance(1, { address: "10.9.9.2" }), anInstance(2, { address: "10.9.9.1" })]),
    ]).deliver(context);
    expect(completed?.totals.updated).toBe(2);
    expect(await found(context, "ip:10.9.9.1")).toEqual([anInstance(2).id]);
    expect(await found(context, "ip:10.9.9.2")).toEqual([anInstance(1).id]);
  });

  it("never touch what operators say, and what operators say never makes a change", async () => {
    const { context, clock } = await createTestContext();
    await aRun([scope([anInstance(1)])]).deliver(context);
    const { version } = await getResource(context, anInstance(1).id);
    await annotateResource(context, OPERATOR, anInstance(1).id, { notes: "do not touch", owner: "payments" }, version);
    expect((await aRun([scope([anInstance(1)])]).open(context)).state).toBe("unchanged");
    clock.forward(1);
    await aRun([scope([anInstance(1, { state: "stopped" })])]).deliver(context);
    expect(await getResource(context, anInstance(1).id)).toMatchObject({ notes: "do not touch", owner: "payments" });
    await expect(annotateResource(context, OPERATOR, anInstance(1).id, { notes: "" }, version)).rejects.toMatchObject({
      code: "request.precondition_failed",
    });
    expect(await historyTypes(context, anInstance(1).id)).toEqual(["created", "annotated", "updated"]);
  });
});
