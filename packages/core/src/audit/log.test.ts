import { leafOf } from "@cadastre/contract/audit/leaf";
import { hashLeaf } from "@cadastre/contract/audit/merkle";
import { verifyExport } from "@cadastre/contract/audit/verify-export";
import { canonicalJson } from "@cadastre/contract/digest";
import { expect, test } from "vitest";
import { proveRecord } from "../seals/prove.ts";
import { aSealing, exportLines, seal } from "../seals/testing.ts";
import { commitRecorded } from "./commit-recorded.ts";
import { AUDIT_OPEN_PARTITIONS, AuditOpenItem, fromStored } from "./items.ts";
import { listAudit } from "./list.ts";
import { aContext, anActorOf, beforeReads } from "./testing.ts";
import { walkAudit } from "./walk.ts";

const MACHINE = anActorOf("service-account", "sva_1");
const TARGETS = Array.from({ length: 12 }, (_, n) => `t-${n}`);

/** A log of a minute that is over, and not sealed. */
async function aLog() {
  const context = { ...aContext(), sealing: aSealing() };
  await seal(context);
  for (const target of TARGETS) await commitRecorded(context, MACHINE, [], { action: "account.create", target });
  context.advance(60);
  return context;
}

type Log = Awaited<ReturnType<typeof aLog>>;

/** The log while the sealer does all that it has to do just before one of the reads. */
function sealedBefore(log: Log, read: number): { log: Log; reads: () => number } {
  let reads = 0;
  const looked = async () => {
    if (reads++ === read) await seal(log);
  };
  const { table } = log;
  const watched = beforeReads(table, looked);
  return { log: { ...log, table: watched }, reads: () => reads };
}

async function targetsOf(context: Log, filter: { action?: string; q?: string }): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listAudit(context, { limit: 5, cursor, order: "oldest", ...filter });
    found.push(...page.items.map(({ resource }) => resource.id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

async function* linesOf(context: Log) {
  yield* await exportLines(context);
}

const READERS: Readonly<Record<string, (context: Log) => Promise<string[]>>> = {
  "the list": (context) => targetsOf(context, {}),
  "a filtered list": (context) => targetsOf(context, { q: "account.create" }),
  "a list by action": (context) => targetsOf(context, { action: "account.create" }),
  async "the records as a file"(context) {
    const found: string[] = [];
    for await (const { resource } of walkAudit(context, {})) found.push(resource.id);
    return found;
  },
};

test.each(Object.keys(READERS))("%s has each record once, whenever the sealer moves them", async (name) => {
  const read = READERS[name] as (typeof READERS)[string];
  for (let at = 0; ; at++) {
    const { log, reads } = sealedBefore(await aLog(), at);
    expect(await read(log), `sealed before read ${at}`).toEqual(TARGETS);
    if (reads() <= at) break;
  }
});

test("a record is stored as the bytes that its leaf is the hash of, whatever it says", async () => {
  const context = aContext();
  const detail = { z: 1.5, a: 'é\u2028\n"', list: [1, undefined, { b: new Date(0) }], none: undefined };
  await commitRecorded(context, MACHINE, [], { action: "account.noted", target: "t", detail });
  const pages = await Promise.all(
    AUDIT_OPEN_PARTITIONS.map((partition) => context.table.query(AuditOpenItem, { partition })),
  );
  const [stored, ...others] = pages.flatMap(({ items }) => items);
  expect(others).toEqual([]);
  expect(stored?.text).toBe(canonicalJson(JSON.parse(stored?.text ?? "")));
  expect(hashLeaf(stored?.text ?? "")).toEqual(leafOf(fromStored(stored ?? { text: "" })));
  expect(fromStored(stored ?? { text: "" }).detail).toEqual({
    z: 1.5,
    a: detail.a,
    list: [1, null, { b: "1970-01-01T00:00:00.000Z" }],
  });
});

test("an export and a proof hold whenever the sealer moves the records", async () => {
  for (let at = 0; ; at++) {
    const { log, reads } = sealedBefore(await aLog(), at);
    const verified = await verifyExport(linesOf(log), { keys: [log.sealing.publicKey] });
    expect(verified, `sealed before read ${at}`).toMatchObject({ holds: true });
    if (reads() <= at) break;
  }
  for (let at = 0; ; at++) {
    const whole = await aLog();
    const id = (await listAudit(whole, { limit: 1 })).items[0]?.id ?? "";
    const { log, reads } = sealedBefore(whole, at);
    const answer = await proveRecord(log, id).then(
      ({ record }) => record.id,
      (error) => error.code,
    );
    expect([id, "audit.unsealed"], `sealed before read ${at}`).toContain(answer);
    if (reads() <= at) break;
  }
});
