import { revealedCredential } from "@cadastre/contract/credential";
import { ConflictError } from "@cadastre/store/errors";
import { put, remove, replace, type Stored } from "@cadastre/store/table";
import { describe, expect, test } from "vitest";
import { aContext, anActor, anActorOf, auditRecords, type TestContext, withEmptyReplica } from "../audit/testing.ts";
import { actorName } from "../context.ts";
import { createCredential, revokeCredential } from "./credentials.ts";
import { CredentialItem, SealedItem } from "./items.ts";
import type { Opener } from "./ports.ts";
import { fetchBoundCredential, revealCredential } from "./reveal.ts";
import { aNewCredential, aVault } from "./testing.ts";

const NOBODY = "crd_01JD0000000000000000000000";
const aCollector = { id: "col_01JD0000000000000000000000", name: "aws-main" };
const collectorActor = anActorOf("collector", aCollector.id, "req_2");

async function stored() {
  const context = aContext();
  const vault = aVault();
  const made = await createCredential(context, vault, anActor, aNewCredential());
  return { context, vault, made };
}

/** The records of accesses alone. */
async function accesses(context: TestContext) {
  return (await auditRecords(context)).filter(
    (record) => record.action !== "credential.create" && record.action !== "credential.revoke",
  );
}

describe("revealing a credential", () => {
  test("answers the secret and leaves one record with the reason", async () => {
    const { context, vault, made } = await stored();
    const revealed = await revealCredential(context, vault, anActor, made.id, { reason: "rotation" });
    expect(revealedCredential.parse(revealed)).toEqual({ ...made, secret: aNewCredential().secret });
    expect(await accesses(context)).toMatchObject([
      {
        action: "credential.reveal",
        target: made.id,
        outcome: "done",
        detail: { reason: "rotation", type: "generic" },
      },
    ]);
  });

  test("zeroes the plaintext's bytes", async () => {
    const { context, vault, made } = await stored();
    await revealCredential(context, vault, anActor, made.id);
    expect(vault.buffers).toHaveLength(2);
    for (const buffer of vault.buffers) expect(buffer.every((byte) => byte === 0)).toBe(true);
  });

  test("hands nothing out when the record cannot be committed", async () => {
    const { context, vault, made } = await stored();
    const broken = {
      ...context,
      table: { ...context.table, commit: () => Promise.reject(new Error("table is down")) },
    };
    await expect(revealCredential(broken, vault, anActor, made.id)).rejects.toThrow("table is down");
    const contended = {
      ...context,
      table: { ...context.table, commit: () => Promise.reject(new ConflictError([{ index: 0, reason: "busy" }])) },
    };
    await expect(revealCredential(contended, vault, anActor, made.id)).rejects.toMatchObject({
      code: "request.conflict",
    });
    expect(await accesses(context)).toEqual([]);
  });

  test("has committed the record by the time the secret is answered", async () => {
    const { context, vault, made } = await stored();
    let committed = false;
    const table = {
      ...context.table,
      commit: async (...args: Parameters<typeof context.table.commit>) => {
        await context.table.commit(...args);
        committed = true;
      },
    };
    await revealCredential({ ...context, table }, vault, anActor, made.id).then(() => expect(committed).toBe(true));
  });

  test("of one that is revoked while it is opened hands nothing out, and the record says it failed", async () => {
    const { context, vault, made } = await stored();
    const slow: Opener = {
      async open(ciphertext, bound) {
        const plaintext = await vault.open(ciphertext, bound);
        await revokeCredential(context, anActor, made.id);
        return plaintext;
      },
    };
    await expect(revealCredential(context, slow, anActor, made.id)).rejects.toMatchObject({
      code: "credential.revoked",
    });
    expect(await accesses(context)).toMatchObject([{ outcome: "failed", detail: { code: "credential.revoked" } }]);
  });

  test("that fails leaves exactly one record that says how", async () => {
    const { context, vault, made } = await stored();
    const attempt = (id: string) => revealCredential(context, vault, anActor, id, { reason: "why" });
    await expect(attempt(NOBODY)).rejects.toMatchObject({ code: "credential.not_found" });
    await expect(attempt(`no id ${"x".repeat(5000)}`)).rejects.toMatchObject({ code: "credential.not_found" });
    vault.isUp = false;
    await expect(attempt(made.id)).rejects.toMatchObject({ code: "service.unavailable" });
    vault.isUp = true;
    await context.table.commit([put(SealedItem, { id: made.id, ciphertext: Buffer.from("altered") })]);
    await expect(attempt(made.id)).rejects.toMatchObject({ code: "credential.unreadable" });
    await revokeCredential(context, anActor, made.id);
    await expect(attempt(made.id)).rejects.toMatchObject({ code: "credential.revoked" });
    const records = await accesses(context);
    expect(records.map((record) => [record.outcome, record.detail.code, record.detail.reason])).toEqual([
      ["failed", "credential.not_found", "why"],
      ["failed", "credential.not_found", "why"],
      ["failed", "service.unavailable", "why"],
      ["failed", "credential.unreadable", "why"],
      ["failed", "credential.revoked", "why"],
    ]);
    expect(records[1]?.target).toHaveLength(64);
  });

  test("of one whose ciphertext is lost is unreadable, and the record says so", async () => {
    const { context, vault, made } = await stored();
    await context.table.commit([remove(SealedItem, { id: made.id })]);
    await expect(revealCredential(context, vault, anActor, made.id)).rejects.toMatchObject({
      code: "credential.unreadable",
    });
    expect(await accesses(context)).toMatchObject([{ outcome: "failed", detail: { code: "credential.unreadable" } }]);
  });

  test("that fails for a reason of our own leaves a record, too, which says no more than that", async () => {
    const { context, vault, made } = await stored();
    const get: typeof context.table.get = (entity, key, how) =>
      (entity as unknown) === SealedItem ? Promise.reject(new Error("canary")) : context.table.get(entity, key, how);
    const broken = { ...context, table: { ...context.table, get } };
    await expect(revealCredential(broken, vault, anActor, made.id, { reason: "why" })).rejects.toThrow("canary");
    const [record, ...more] = await accesses(context);
    expect(record?.detail).toEqual({ reason: "why", code: "service.internal" });
    expect([record?.outcome, more]).toEqual(["failed", []]);
  });

  test("of what was just stored answers it, however far replicas are behind", async () => {
    const { context, vault, made } = await stored();
    const { secret } = await revealCredential(withEmptyReplica(context), vault, anActor, made.id);
    expect(secret).toEqual(aNewCredential().secret);
  });

  test("of one that the caller may not see finds nothing, opens nothing, and leaves a record", async () => {
    const { context, vault, made } = await stored();
    const limited = { ...context, restriction: { accounts: ["aws/1"] } };
    await expect(revealCredential(limited, vault, anActor, made.id)).rejects.toMatchObject({
      code: "credential.not_found",
    });
    expect(vault.buffers).toHaveLength(1);
    expect(await accesses(context)).toMatchObject([{ outcome: "failed", detail: { code: "credential.not_found" } }]);
  });

  test("of what opens to no secret of the row's type is unreadable, and the error does not quote it", async () => {
    const { context, made } = await stored();
    for (const text of ["not json canary", '{"type":"api_token","token":"canary"}', '{"type":"generic"}']) {
      const opener: Opener = { open: async () => Buffer.from(text) };
      const error = await revealCredential(context, opener, anActor, made.id).catch((caught: Error) => caught);
      expect(error).toMatchObject({ code: "credential.unreadable" });
      expect(describeDeeply(error)).not.toContain("canary");
    }
  });
});

/** An error with its causes and stacks, as a careless log would print it. */
function describeDeeply(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error);
  return `${error.stack} ${JSON.stringify(error)} ${error.cause === undefined ? "" : describeDeeply(error.cause)}`;
}

describe("a collector", () => {
  test("fetches the credential that it is bound to, and the record names it", async () => {
    const { context, vault, made } = await stored();
    const collector = { ...aCollector, credential: made.id };
    const fetched = await fetchBoundCredential(context, vault, collector, collectorActor);
    expect(fetched.secret).toEqual(aNewCredential().secret);
    expect(await accesses(context)).toMatchObject([
      {
        action: "credential.fetch",
        actor: actorName(collectorActor),
        target: made.id,
        outcome: "done",
        detail: { name: "aws-main" },
      },
    ]);
  });

  test("that is bound to none gets none, and the record says so", async () => {
    const { context, vault } = await stored();
    await expect(fetchBoundCredential(context, vault, aCollector, collectorActor)).rejects.toMatchObject({
      code: "credential.not_bound",
    });
    expect(await accesses(context)).toMatchObject([
      {
        target: aCollector.id,
        outcome: "denied",
        detail: { collector: aCollector.id, name: "aws-main", code: "credential.not_bound" },
      },
    ]);
  });

  test("that is bound to a revoked one gets none, and the record says so", async () => {
    const { context, vault, made } = await stored();
    await revokeCredential(context, anActor, made.id);
    const collector = { ...aCollector, credential: made.id };
    await expect(fetchBoundCredential(context, vault, collector, collectorActor)).rejects.toMatchObject({
      code: "credential.revoked",
    });
    expect(await accesses(context)).toMatchObject([{ action: "credential.fetch", outcome: "failed" }]);
  });
});

test("an access that fails after the secret was opened leaves one record of that, and the secret goes nowhere", async () => {
  const { context, vault, made } = await stored();
  let opened = 0;
  const opener: Opener = {
    async open(...given) {
      opened++;
      // Somebody else writes the credential between its opening and the record of it, each time.
      const { version, ...item } = (await context.table.get(CredentialItem, { id: made.id })) as Stored<CredentialItem>;
      await context.table.commit([replace(CredentialItem, item, version)]);
      return vault.open(...given);
    },
  };
  await expect(revealCredential(context, opener, anActor, made.id)).rejects.toMatchObject({ code: "request.conflict" });
  expect(opened).toBeGreaterThan(0);
  expect(await accesses(context)).toMatchObject([
    { action: "credential.reveal", outcome: "failed", detail: { code: "request.conflict" } },
  ]);
});
