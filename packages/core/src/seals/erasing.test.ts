import { leafOf } from "@cadastre/contract/audit/leaf";
import { faultOfProof } from "@cadastre/contract/audit/proof";
import { verifyExport } from "@cadastre/contract/audit/verify-export";
import { ProblemError } from "@cadastre/contract/errors";
import { describe, expect, test } from "vitest";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { erasePerson } from "../audit/erase-person.ts";
import { secretChange } from "../audit/hash-key.ts";
import { AuditItem } from "../audit/items.ts";
import { listAudit } from "../audit/list.ts";
import { aContext, anActorOf } from "../audit/testing.ts";
import { type Actor, inOrganization, principalOf } from "../context.ts";
import { placeOfRecord } from "./leaves.ts";
import { proveRecord } from "./prove.ts";
import { aSealing, exportLines, seal } from "./testing.ts";

const ANN = "usr_01JD0000000000000000000001";
const ADMIN = anActorOf("user", "usr_01JD0000000000000000000002");
const ann: Actor = {
  principal: principalOf({ type: "user", id: ANN, name: "Ann Canary" }),
  requestId: "req_1",
  address: "203.0.113.77",
  userAgent: "canary-browser/1",
};
const CANARIES = ["Ann Canary", "203.0.113.77", "canary-browser", "ann@canary.test"];

async function aLog() {
  const context = { ...aContext(), sealing: aSealing() };
  const changes = [{ path: "email", after: "ann@canary.test" }];
  await commitRecorded(context, ADMIN, [], {
    action: "user.create",
    target: ANN,
    changes,
    detail: { name: "Ann Canary" },
  });
  await commitRecorded(context, ann, [], { action: "account.create", target: "aws/1" });
  context.advance(60);
  await seal(context);
  return context;
}

const shown = async (context: Awaited<ReturnType<typeof aLog>>) =>
  (await listAudit(context, { limit: 50, order: "oldest" })).items;

async function* lines(context: Awaited<ReturnType<typeof aLog>>) {
  yield* await exportLines(context);
}

describe("a person's data in the log", () => {
  test("is shown and searched in lists, and in what is stored, sealed and exported nobody can read it", async () => {
    const context = await aLog();
    const [created, acted] = await shown(context);
    expect(created).toMatchObject({
      changes: [{ path: "email", after: "ann@canary.test" }],
      detail: { name: "Ann Canary" },
    });
    expect(acted).toMatchObject({
      actor: { id: ANN, name: "Ann Canary" },
      address: "203.0.113.77",
      userAgent: "canary-browser/1",
    });
    expect(acted).not.toHaveProperty("personal");
    expect((await listAudit(context, { limit: 5, q: "ANN canary" })).items).toHaveLength(2);
    const stored = JSON.stringify([
      await exportLines(context),
      await context.table.getMany(
        AuditItem,
        [created, acted].map((one) => placeOfRecord(one?.id ?? "")),
      ),
    ]);
    for (const canary of CANARIES) expect(stored).not.toContain(canary);
  });

  test("is listed opened and proved sealed: each listed record has a proof whose record is just what the leaf is of", async () => {
    const context = await aLog();
    const keys = [context.sealing.publicKey];
    for (const listed of await shown(context)) {
      const proof = await proveRecord(context, listed.id);
      expect(Buffer.from(leafOf(proof.record)).toString("hex")).toBe(proof.leafHash);
      expect(await faultOfProof(proof, keys)).toBeUndefined();
      // What is no person's is the same in both; what is a person's is sealed in the one, and opened in the other.
      const { personal: _, ...record } = proof.record;
      expect(listed).toMatchObject({
        ...record,
        actor: { type: record.actor.type, id: record.actor.id },
        changes: listed.changes,
        detail: listed.detail,
      });
      expect(await faultOfProof({ ...proof, record: listed }, keys)).toBe(
        "the record is not the one that the leaf is of",
      );
    }
  });

  test("is gone for good once it is erased there, not by another organization, and every seal and proof holds as before", async () => {
    const context = await aLog();
    const before = await exportLines(context);
    const elsewhere = inOrganization(context, "org_01JD0000000000000000000009");
    await expect(erasePerson(elsewhere, ADMIN, ANN)).rejects.toThrow(new ProblemError("audit.person_not_found"));
    expect(JSON.stringify(await shown(context))).toContain("Ann Canary");
    const { erasedAt } = await erasePerson(context, ADMIN, ANN);
    expect(await erasePerson(context, ADMIN, ANN)).toEqual({ person: ANN, erasedAt });
    const records = await shown(context);
    for (const canary of CANARIES) expect(JSON.stringify(records)).not.toContain(canary);
    expect(records.slice(0, 2)).toMatchObject([
      { erased: true, resource: { type: "user", id: ANN }, changes: [], detail: {} },
      { erased: true, actor: { id: ANN, name: ANN }, resource: { id: "aws/1" } },
    ]);
    // Last stands the record of the erasure, then how many there are.
    expect((await exportLines(context)).slice(0, before.length - 1)).toEqual(before.slice(0, -1));
    expect(await verifyExport(lines(context), { keys: [context.sealing.publicKey] })).toMatchObject({ holds: true });
    context.advance(60);
    await seal(context);
    for (const { id } of records)
      expect(await faultOfProof(await proveRecord(context, id), [context.sealing.publicKey])).toBeUndefined();
  });

  test("is not kept of who was erased and acts again, also by a process that knew the key", async () => {
    const context = await aLog();
    await erasePerson(context, ADMIN, ANN);
    await commitRecorded(context, ann, [], { action: "account.create", target: "aws/2" });
    const newest = (await listAudit(context, { limit: 1 })).items[0];
    expect(newest).toMatchObject({ erased: true, actor: { id: ANN, name: ANN } });
    expect(newest).not.toHaveProperty("address");
  });

  test("of somebody whom the log never heard of is not there to be erased", async () => {
    const context = await aLog();
    await expect(erasePerson(context, ADMIN, "usr_01JD0000000000000000000009")).rejects.toThrow(
      new ProblemError("audit.person_not_found"),
    );
  });
});

test("a secret stands in a change as a hash that tells whether it is the same, under a key of the organization's own", async () => {
  const context = aContext();
  const other = inOrganization(context, "org_01JD0000000000000000000009");
  const one = await secretChange(context, "secret", { before: { a: 1, b: "x" }, after: "canary" });
  expect(one).toEqual(await secretChange(context, "secret", { before: { b: "x", a: 1 }, after: "canary" }));
  expect(one.after).toMatch(/^hmac-sha256:[0-9a-f]{64}$/);
  expect(one.after).not.toBe(one.before);
  expect((await secretChange(other, "secret", { after: "canary" })).after).not.toBe(one.after);
});
