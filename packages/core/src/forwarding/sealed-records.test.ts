import { verifyExport } from "@cadastre/contract/audit/verify-export";
import type { Table } from "@cadastre/store/table";
import { expect, test } from "vitest";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { listAudit } from "../audit/list.ts";
import { aContext, anActorOf } from "../audit/testing.ts";
import { readHead } from "../seals/checkpoints.ts";
import { proveRecord } from "../seals/prove.ts";
import { aSealing, exportLines, seal } from "../seals/testing.ts";
import { readSealedFrom } from "./sealed-records.ts";

test("what has its checkpoint is listed, exported, forwarded and proved as sealed before it is moved to where it stays", async () => {
  const context = { ...aContext(), sealing: aSealing() };
  await seal(context);
  for (const target of ["a", "b", "c"])
    await commitRecorded(context, anActorOf("service-account", "sva_1"), [], { action: "account.create", target });
  context.advance(60);
  const table: Table = { ...context.table, move: () => Promise.reject(new Error("died")) };
  await expect(seal({ ...context, table })).rejects.toThrow("died");
  const head = await readHead(context);
  if (!head) throw new Error("nothing is sealed");
  expect(head).toMatchObject({ isOpen: true, sequence: 1 });
  const { items } = await listAudit(context, { limit: 10 });
  const targets = items.toReversed().map(({ resource }) => resource.id);
  expect(targets).toEqual(["a", "b", "c"]);
  const { records } = await readSealedFrom(context, head, { from: { sequence: 0, index: 0 }, most: 100 });
  expect(records.map(({ resource }) => resource.id)).toEqual(targets);
  for (const { id } of items) expect(await proveRecord(context, id)).toMatchObject({ treeSize: 3 });
  async function* lines() {
    yield* await exportLines(context);
  }
  expect(await verifyExport(lines(), { keys: [context.sealing.publicKey] })).toMatchObject({
    holds: true,
    records: 3,
    unsealed: 0,
  });
});
