import { faultOfProof } from "@cadastre/contract/audit/proof";
import { replace, type Table, type Write } from "@cadastre/store/table";
import { expect, test } from "vitest";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { listAudit } from "../audit/list.ts";
import { PersonErasedItem, PersonKeyItem } from "../audit/person-keys.ts";
import { aContext, anActorOf, type TestContext } from "../audit/testing.ts";
import { type Actor, type Context, principalOf } from "../context.ts";
import { JobRunItem } from "../jobs/items.ts";
import { runDueJobs } from "../jobs/run-due.ts";
import { runJob } from "../jobs/start.ts";
import { readHead } from "./checkpoints.ts";
import { AuditLeavesItem, SealHeadItem } from "./items.ts";
import { proveRecord } from "./prove.ts";
import { auditRetention } from "./retain.ts";
import { aSealing, seal } from "./testing.ts";

const MACHINE = anActorOf("service-account", "sva_1");
const DAY = 86_400;

type Log = TestContext & { readonly sealing: ReturnType<typeof aSealing> };

async function aLog(): Promise<Log> {
  const context = { ...aContext(), sealing: aSealing() };
  await seal(context);
  return context;
}

const write = (context: Context, target: string) =>
  commitRecorded(context, MACHINE, [], { action: "account.create", target });

/** What is committed meanwhile to what is how far the log is sealed, and its leaves. */
async function commitsOf(context: Log, work: (own: Log) => Promise<void>): Promise<(readonly Write[])[]> {
  const commits: (readonly Write[])[] = [];
  const table: Table = {
    ...context.table,
    commit(writes) {
      commits.push(writes);
      return context.table.commit(writes);
    },
  };
  await work({ ...context, table });
  return commits.filter((writes) =>
    writes.some(({ entity, op }) => entity === SealHeadItem || (entity === AuditLeavesItem && op === "remove")),
  );
}

test("nothing is sealed, closed, copied, announced or removed without the lease of who does it", async () => {
  const context = await aLog();
  const retain = async (own: Log) => {
    await runJob(own, MACHINE, [auditRetention], auditRetention.name);
    await runDueJobs(own, [auditRetention], { until: new Date(own.now().getTime() + DAY * 1000) });
  };
  await write(context, "a");
  context.advance(60);
  const sealing = await commitsOf(context, seal);
  expect(sealing.length).toBeGreaterThanOrEqual(3);
  context.advance(401 * DAY);
  const announcing = await commitsOf(context, retain);
  expect(announcing).toHaveLength(1);
  context.advance(60);
  await seal(context);
  const removing = await commitsOf(context, retain);
  expect(
    removing.some((writes) => writes.some(({ op, entity }) => op === "remove" && entity === AuditLeavesItem)),
  ).toBe(true);
  for (const [first] of [...sealing, ...announcing, ...removing])
    expect(first).toMatchObject({ op: "check", entity: JobRunItem, is: expect.any(Number) });
});

test("a checkpoint overwrites nothing that retention has said of the log while it was signed", async () => {
  const context = await aLog();
  await write(context, "a");
  context.advance(60);
  const { signer } = context.sealing;
  let isSaid = false;
  const meanwhile = {
    ...signer,
    async sign(data: Uint8Array) {
      const head = isSaid ? undefined : await readHead(context);
      isSaid = true;
      if (head) {
        const { version, ...item } = head;
        await context.table.commit([replace(SealHeadItem, { ...item, removeThrough: 0 }, version)]);
      }
      return signer.sign(data);
    },
  };
  await seal({ ...context, sealing: { ...context.sealing, signer: meanwhile } }).catch(() => undefined);
  context.advance(300);
  await seal(context);
  expect(await readHead(context)).toMatchObject({ removeThrough: 0, announcedThrough: 0 });
});

test("a record that comes many checkpoints late is proved as any other", async () => {
  const context = await aLog();
  for (let minute = 0; minute < 8; minute++) {
    await write(context, `m-${minute}`);
    context.advance(60);
    await seal(context);
  }
  context.advance(-470);
  await write(context, "late");
  context.advance(530);
  await seal(context);
  const { items } = await listAudit(context, { limit: 1, entityType: "account", entityId: "late" });
  const proof = await proveRecord(context, items[0]?.id ?? "");
  expect(proof.checkpoint.late).toBe(1);
  expect(await faultOfProof(proof, [context.sealing.publicKey])).toBeUndefined();
});

const ANN = "usr_01JD0000000000000000000001";
const ann: Actor = { principal: principalOf({ type: "user", id: ANN, name: "Ann Canary" }), requestId: "req_1" };

/** The table as a process has it that knows nothing yet. */
const anew = (context: Log): Log => ({ ...context, table: { ...context.table } });

test("a process that begins after a person was erased makes no key anew and keeps nothing of the person", async () => {
  const context = await aLog();
  await context.table.commit([
    { op: "create", entity: PersonErasedItem, item: { person: ANN, at: context.now().toISOString() } },
  ]);
  await commitRecorded(anew(context), ann, [], { action: "account.create", target: "x" });
  expect(await context.table.get(PersonKeyItem, { person: ANN }, { consistent: true })).toBeUndefined();
  const [record] = (await listAudit(context, { limit: 1 })).items;
  expect(record).toMatchObject({ erased: true, actor: { id: ANN, name: ANN } });
});

test("a key that is being made while its person is erased is not made", async () => {
  const context = await aLog();
  const own = anew(context);
  let isErased = false;
  const table: Table = {
    ...own.table,
    async commit(writes) {
      if (!isErased && writes.some(({ entity }) => entity === PersonKeyItem)) {
        isErased = true;
        const item = { person: ANN, at: context.now().toISOString() };
        await context.table.commit([{ op: "create", entity: PersonErasedItem, item }]);
      }
      return own.table.commit(writes);
    },
  };
  await commitRecorded({ ...own, table }, ann, [], { action: "account.create", target: "x" });
  expect(isErased).toBe(true);
  expect(await context.table.get(PersonKeyItem, { person: ANN }, { consistent: true })).toBeUndefined();
});
