import { listAudit } from "@cadastre/core/audit/list";
import { anActorOf } from "@cadastre/core/audit/testing";
import { type Context, DEFAULT_HOLD_POLICY, DEFAULT_RETENTION_DAYS, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { listHistory } from "@cadastre/core/register/history";
import { annotateResource, getResource } from "@cadastre/core/register/resources";
import { describe, expect, it } from "vitest";
import { openDynamo } from "../store/open-dynamo.ts";
import { createTestContext } from "../support/context.ts";
import { anInstance, aRun, instanceScope, type SeenScope } from "../support/estate.ts";
import { found } from "../support/register.ts";

const OPERATOR = anActorOf("user", "usr_1", "req_2");
const ID = anInstance(1).id;

const state = (n: number): SeenScope[] => [
  { key: instanceScope(), resources: [anInstance(1, { state: `s${n}` }), anInstance(2), anInstance(3)] },
];

async function syncAndSay(context: Context, atOnce: number): Promise<void> {
  await aRun(state(-1)).deliver(context);
  const retried = async (work: () => Promise<unknown>) => {
    for (let attempt = 0; attempt < 200; attempt++) {
      const code = await work().then(
        () => undefined,
        (error: { code?: string }) => error.code ?? JSON.stringify(error),
      );
      if (code === undefined) return;
      expect(code).toBe("request.conflict");
    }
    throw new Error("always another was faster");
  };
  const syncs = Array.from({ length: atOnce }, (_, n) => retried(() => aRun(state(n)).deliver(context)));
  const saying = Array.from({ length: atOnce }, (_, n) =>
    retried(() => annotateResource(context, OPERATOR, ID, { notes: `n${n}` })),
  );
  await Promise.all([...syncs, ...saying]);
  const { items } = await listHistory(context, ID, { limit: 1000 });
  const said = items.filter((event) => event.type === "annotated");
  expect(new Set(said.map((event) => event.changes[0]?.after))).toEqual(
    new Set(Array.from({ length: atOnce }, (_, n) => `n${n}`)),
  );
  expect(said.map((event) => event.sequence).sort((a, b) => a - b)).toEqual(
    Array.from({ length: atOnce }, (_, n) => n + 1),
  );
  const last = said.find((event) => event.sequence === atOnce)?.changes[0]?.after;
  expect((await getResource(context, ID)).notes).toBe(last);
  const { items: records } = await listAudit(context, { limit: 1000, action: "resource.annotate" });
  expect(records).toHaveLength(atOnce);
}

describe("what people say of a resource", () => {
  it("and 64 syncs at once: nothing said is lost, each once in history and in the audit log", async () => {
    const { context } = await createTestContext();
    await syncAndSay(context, 64);
  });

  it("the same in DynamoDB", async () => {
    const opened = await openDynamo();
    const policy = {
      organization: FIRST_ORGANIZATION,
      holdPolicy: DEFAULT_HOLD_POLICY,
      retentionDays: DEFAULT_RETENTION_DAYS,
    };
    try {
      await syncAndSay({ table: opened.table, now: opened.clock.now, ...policy }, 12);
    } finally {
      await opened.close();
    }
  });

  it("is found by its owner, whatever becomes of the resource, and no longer by the one before", async () => {
    const { context } = await createTestContext();
    await aRun(state(0)).deliver(context);
    await annotateResource(context, OPERATOR, ID, { owner: "Team Payments" });
    expect(await found(context, "owner:team*payments")).toEqual([ID]);
    await aRun(state(1)).deliver(context);
    expect(await found(context, "owner:team*payments kind:instance")).toEqual([ID]);
    await annotateResource(context, OPERATOR, ID, { owner: "storage" });
    expect(await found(context, "owner:team*payments")).toEqual([]);
    expect(await found(context, "owner:STORAGE")).toEqual([ID]);
  });

  it("that changes nothing writes nothing", async () => {
    const { context } = await createTestContext();
    await aRun(state(0)).deliver(context);
    await annotateResource(context, OPERATOR, ID, { owner: "storage" });
    const { version } = await getResource(context, ID);
    const again = await context.table.meter.measure(() =>
      annotateResource(context, OPERATOR, ID, { owner: "storage" }, version),
    );
    expect(again.units.write).toBe(0);
    expect(again.result.version).toBe(version);
  });

  it("has a version of its own: a sync in between does not refuse it, another word does", async () => {
    const { context } = await createTestContext();
    await aRun(state(0)).deliver(context);
    await aRun(state(1)).deliver(context);
    const first = await annotateResource(context, OPERATOR, ID, { notes: "first" }, 0);
    await aRun(state(2)).deliver(context);
    await annotateResource(context, OPERATOR, ID, { notes: "second" }, first.version);
    for (const version of [0, first.version]) {
      await expect(annotateResource(context, OPERATOR, ID, { notes: "third" }, version)).rejects.toMatchObject({
        code: "request.precondition_failed",
      });
    }
    expect((await getResource(context, ID)).notes).toBe("second");
  });
});
