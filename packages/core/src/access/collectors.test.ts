import { collector } from "@cadastre/contract/collector";
import { ConflictError } from "@cadastre/store/errors";
import { describe, expect, test } from "vitest";
import {
  aContext,
  anActorOf,
  anAdmin,
  auditRecords,
  type TestContext,
  withEmptyReplica,
  withScopes,
} from "../audit/testing.ts";
import { type Actor, actorName } from "../context.ts";
import { createCredential, revokeCredential } from "../vault/credentials.ts";
import type { Sealer } from "../vault/ports.ts";
import { getCollector, listCollectors } from "./collectors.ts";
import { approveCollector, patchCollector, rejectCollector, revokeCollector } from "./decide-collector.ts";
import { registerCollector } from "./register-collector.ts";
import { aCollector, aKey } from "./testing.ts";

const neverSeen = async () => undefined;
const NOBODY = "col_01JD0000000000000000000000";
const sealer: Sealer = { seal: async (plaintext) => Uint8Array.from(plaintext) };

const register = (context: TestContext, more: Parameters<typeof aCollector>[1] = {}, key = aKey()) =>
  registerCollector(context, anAdmin, aCollector(key, more));

const aCredential = (context: TestContext) =>
  createCredential(context, sealer, anAdmin, {
    name: "key",
    description: "",
    secret: { type: "generic", secret: "hidden" },
  });

const actions = async (context: TestContext) => (await auditRecords(context)).map((record) => record.action);

describe("registering a collector", () => {
  test("leaves it pending, with its key's fingerprint and algorithm, and one audit record", async () => {
    const context = aContext();
    const key = aKey("p256");
    const made = await register(context, {}, key);
    expect(collector.strict().parse(made)).toMatchObject({
      name: "aws-main",
      state: "pending",
      keyFingerprint: key.signer.keyId,
      keyAlgorithm: "ecdsa-p256-sha256",
      createdBy: actorName(anAdmin),
      createdAt: "2026-11-22T05:00:00.000Z",
    });
    expect(await actions(context)).toEqual(["collector.register"]);
  });

  test("approves it at once only where that is asked for", async () => {
    const made = await registerCollector(aContext(), anAdmin, aCollector(aKey()), { approved: true });
    expect(made).toMatchObject({ state: "approved", decidedBy: actorName(anAdmin), decidedAt: made.createdAt });
  });

  test("refuses a name in use, and a key that was ever registered, and writes nothing", async () => {
    const context = aContext();
    const key = aKey();
    const made = await register(context, {}, key);
    await expect(register(context)).rejects.toMatchObject({ code: "collector.name_taken" });
    await expect(register(context, { name: "other" }, key)).rejects.toMatchObject({ code: "collector.key_taken" });
    await revokeCollector(context, anAdmin, made.id);
    await expect(register(context, { name: "other" }, key)).rejects.toMatchObject({ code: "collector.key_taken" });
    expect((await listCollectors(context, { limit: 10, lastSeen: neverSeen })).items).toHaveLength(1);
    expect(await actions(context)).toEqual(["collector.register", "collector.revoke"]);
  });

  test("refuses what is no public key", async () => {
    await expect(register(aContext(), { publicKey: "-----BEGIN PUBLIC KEY-----\nno" })).rejects.toMatchObject({
      code: "request.invalid",
      errors: [expect.objectContaining({ path: "publicKey" })],
    });
  });

  test("of two at the same time under one name exactly one wins", async () => {
    const context = aContext();
    const results = await Promise.allSettled([1, 2, 3, 4, 5].map(() => register(context)));
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "collector.name_taken" });
    }
    expect((await listCollectors(context, { limit: 10, lastSeen: neverSeen })).items).toHaveLength(1);
  });

  test("keeps what is said twice once, and * for all accounts alone", async () => {
    const context = aContext();
    const twice = await register(context, { providers: ["aws", "aws"], accounts: ["1", "2", "1"] });
    expect(twice).toMatchObject({ providers: ["aws"], accounts: ["1", "2"] });
    const all = await register(context, { name: "all", accounts: ["1", "*"] });
    expect(all.accounts).toEqual(["*"]);
  });

  test("of 2,000 accounts leaves a small audit record", async () => {
    const context = aContext();
    const accounts = Array.from({ length: 2000 }, (_, at) => String(100_000_000_000 + at));
    expect((await register(context, { accounts })).accounts).toHaveLength(2000);
    const [record] = await auditRecords(context);
    expect(JSON.stringify(record).length).toBeLessThan(2500);
    expect(record?.detail.accounts).toContain("and 1950 more");
  });
});

describe("deciding on a collector", () => {
  test("approves and rejects what is pending, and revokes what is pending or approved, with one record each", async () => {
    const context = aContext();
    const one = await register(context, { name: "one" });
    const two = await register(context, { name: "two" });
    context.advance(5);
    expect(await approveCollector(context, anAdmin, one.id)).toMatchObject({
      state: "approved",
      decidedAt: "2026-11-22T05:00:05.000Z",
    });
    expect(await rejectCollector(context, anAdmin, two.id)).toMatchObject({ state: "rejected" });
    expect(await revokeCollector(context, anAdmin, one.id)).toMatchObject({ state: "revoked" });
    const decided = ["collector.approve", "collector.reject", "collector.revoke"];
    expect(await actions(context)).toEqual(["collector.register", "collector.register", ...decided]);
  });

  test("is final: what is rejected or revoked stays so", async () => {
    const context = aContext();
    const one = await register(context);
    await rejectCollector(context, anAdmin, one.id);
    for (const decide of [approveCollector, rejectCollector, revokeCollector]) {
      await expect(decide(context, anAdmin, one.id)).rejects.toMatchObject({ code: "collector.state" });
    }
    await expect(patchCollector(context, anAdmin, one.id, {}, { version: one.version })).rejects.toMatchObject({
      code: "request.precondition_failed",
    });
    const { version } = await getCollector(context, one.id, neverSeen);
    await expect(patchCollector(context, anAdmin, one.id, {}, { version })).rejects.toMatchObject({
      code: "collector.state",
    });
  });

  test("an approval and a rejection at the same time: exactly one is done", async () => {
    const context = aContext();
    const one = await register(context);
    const results = await Promise.allSettled([
      approveCollector(context, anAdmin, one.id),
      rejectCollector(context, anAdmin, one.id),
    ]);
    expect(results.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await actions(context)).toHaveLength(2);
  });

  test("frees the name, so that a new key goes on under it", async () => {
    const context = aContext();
    const one = await register(context);
    await revokeCollector(context, anAdmin, one.id);
    const two = await register(context);
    expect(two).toMatchObject({ name: one.name, state: "pending" });
    await rejectCollector(context, anAdmin, two.id);
    expect(await register(context)).toMatchObject({ name: one.name });
  });

  test("that approves keeps the name taken, and what is approved can be changed", async () => {
    const context = aContext();
    const one = await register(context);
    const { version } = await approveCollector(context, anAdmin, one.id);
    await expect(register(context)).rejects.toMatchObject({ code: "collector.name_taken" });
    expect(await patchCollector(context, anAdmin, one.id, { accounts: ["2"] }, { version })).toMatchObject({
      state: "approved",
      accounts: ["2"],
    });
  });

  test("finds no collector of an unknown id", async () => {
    const context = aContext();
    for (const decide of [approveCollector, rejectCollector, revokeCollector]) {
      await expect(decide(context, anAdmin, NOBODY)).rejects.toMatchObject({ code: "collector.not_found" });
    }
    await expect(getCollector(context, NOBODY, neverSeen)).rejects.toMatchObject({ code: "collector.not_found" });
  });

  test("that keeps losing to other writers ends with request.conflict, and nothing is written", async () => {
    const context = aContext();
    const one = await register(context);
    let commits = 0;
    const commit = () => {
      commits++;
      return Promise.reject(new ConflictError([{ index: 0, reason: "busy" }]));
    };
    const busy = { ...context, table: { ...context.table, commit } };
    await expect(approveCollector(busy, anAdmin, one.id)).rejects.toMatchObject({ code: "request.conflict" });
    expect(commits).toBe(4);
    expect(await getCollector(context, one.id, neverSeen)).toMatchObject({ state: "pending" });
  });
});

describe("who may decide", () => {
  const anOperator = (id: string): Actor => withScopes(anActorOf("user", id), ["collectors:write"]);

  test("is another than who registered it, unless an admin", async () => {
    const context = aContext();
    const own = await registerCollector(context, anOperator("tok_a"), aCollector(aKey(), { accounts: ["1"] }));
    await expect(approveCollector(context, anOperator("tok_a"), own.id)).rejects.toMatchObject({
      code: "auth.forbidden",
      message: "who registered a collector approves it only with the role and the scope admin",
    });
    expect((await getCollector(context, own.id, neverSeen)).state).toBe("pending");
    expect(await approveCollector(context, anOperator("tok_b"), own.id)).toMatchObject({ state: "approved" });
    const more = { accounts: ["1", "2"] };
    await expect(patchCollector(context, anOperator("tok_a"), own.id, more, {})).rejects.toMatchObject({
      code: "auth.forbidden",
      message: "who registered a collector gives it more accounts only with the role and the scope admin",
    });
    expect(await patchCollector(context, anOperator("tok_b"), own.id, more, {})).toMatchObject(more);
    const fewer = { accounts: ["2"] };
    expect(await patchCollector(context, anOperator("tok_a"), own.id, fewer, {})).toMatchObject(fewer);
    await revokeCollector(context, anOperator("tok_a"), own.id);
    const admins = await register(context);
    expect(await approveCollector(context, anAdmin, admins.id)).toMatchObject({ state: "approved" });
  });

  test("is another principal: a second token of the same one is no other hand", async () => {
    const context = aContext();
    const one = anOperator("usr_a");
    const again = { ...one, principal: { ...one.principal, token: { id: "tok_b", scopes: ["collectors:write"] } } };
    const { id } = await registerCollector(context, one, aCollector(aKey(), { accounts: ["1"] }));
    await expect(approveCollector(context, again, id)).rejects.toMatchObject({ code: "auth.forbidden" });
  });

  test("is an admin alone for a collector that speaks for all accounts", async () => {
    const context = aContext();
    const all = { code: "auth.forbidden", message: "a collector for all accounts (*) needs the role admin and the scope admin" };
    const asked = registerCollector(context, anOperator("tok_a"), aCollector(aKey(), { accounts: ["1", "*"] }));
    await expect(asked).rejects.toMatchObject(all);
    const one = await registerCollector(context, anOperator("tok_a"), aCollector(aKey(), { accounts: ["1"] }));
    const patch = { accounts: ["*"] };
    await expect(patchCollector(context, anOperator("tok_b"), one.id, patch, {})).rejects.toMatchObject(all);
    expect(await patchCollector(context, anAdmin, one.id, patch, {})).toMatchObject(patch);
    expect(await patchCollector(context, anOperator("tok_b"), one.id, { accounts: ["2"] }, {})).toMatchObject({
      accounts: ["2"],
    });
  });
});

describe("the version that an operator saw", () => {
  test.each([
    ["approve", approveCollector],
    ["reject", rejectCollector],
    ["revoke", revokeCollector],
  ])("must still be the collector's to %s it; without one it is what there is", async (_, decide) => {
    const context = aContext();
    const one = await register(context);
    const { version } = await patchCollector(context, anAdmin, one.id, { accounts: ["2"] }, { version: one.version });
    await expect(decide(context, anAdmin, one.id, one.version)).rejects.toMatchObject({
      code: "request.precondition_failed",
    });
    expect((await getCollector(context, one.id, neverSeen)).state).toBe("pending");
    await decide(context, anAdmin, one.id, version);
    const two = await register(context, { name: "two" });
    expect((await decide(context, anAdmin, two.id)).state).not.toBe("pending");
  });
});

test("what was just registered is read, decided, changed and listed, however far replicas are behind", async () => {
  const context = withEmptyReplica(aContext());
  const { id: credential } = await aCredential(context);
  const made = await registerCollector(context, anAdmin, aCollector(aKey(), { credential }), { mayReveal: true });
  await patchCollector(context, anAdmin, made.id, { accounts: ["2"] }, { version: made.version });
  const approved = await approveCollector(context, anAdmin, made.id);
  expect(approved).toMatchObject({ state: "approved", accounts: ["2"], credential });
  expect(await getCollector(context, made.id, neverSeen)).toEqual(approved);
});

test("a decision's record says what was decided from what, on which collector and key", async () => {
  const context = aContext();
  const made = await register(context, { accounts: ["1"] });
  await approveCollector(context, anAdmin, made.id);
  const [registered, approved] = await auditRecords(context);
  expect(registered).toMatchObject({
    target: made.id,
    detail: {
      name: "aws-main",
      providers: ["aws"],
      accounts: ["1"],
      keyFingerprint: made.keyFingerprint,
      state: "pending",
    },
  });
  expect(approved).toMatchObject({
    target: made.id,
    changes: [{ path: "state", before: "pending", after: "approved" }],
    detail: { name: "aws-main", keyFingerprint: made.keyFingerprint },
  });
});

describe("changing a collector", () => {
  test("changes its accounts at the version that was seen, and the record has both", async () => {
    const context = aContext();
    const one = await register(context);
    const patched = await patchCollector(context, anAdmin, one.id, { accounts: ["2"] }, { version: one.version });
    expect(patched).toMatchObject({ accounts: ["2"] });
    expect(patched.version).not.toBe(one.version);
    await expect(
      patchCollector(context, anAdmin, one.id, { accounts: ["3"] }, { version: one.version }),
    ).rejects.toMatchObject({ code: "request.precondition_failed" });
    const records = await auditRecords(context);
    expect(records).toHaveLength(2);
    expect(records[1]?.changes).toEqual([{ path: "accounts", before: ["111111111111"], after: ["2"] }]);
  });

  test("of two changes at the same time one is done and one is told that it was late", async () => {
    const context = aContext();
    const one = await register(context);
    const results = await Promise.allSettled(
      ["2", "3"].map((account) =>
        patchCollector(context, anAdmin, one.id, { accounts: [account] }, { version: one.version }),
      ),
    );
    expect(results.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
    const late = results.find((result) => result.status === "rejected");
    expect(late?.reason).toMatchObject({ code: "request.precondition_failed" });
  });

  test("binds and unbinds a credential", async () => {
    const context = aContext();
    const { id: credential } = await aCredential(context);
    const one = await register(context);
    const may = { version: one.version, mayReveal: true };
    const bound = await patchCollector(context, anAdmin, one.id, { credential }, may);
    expect(bound.credential).toBe(credential);
    const version = bound.version;
    const kept = await patchCollector(context, anAdmin, one.id, { accounts: ["2"] }, { version });
    expect(kept).toMatchObject({ credential, accounts: ["2"] });
    const unbound = await patchCollector(context, anAdmin, one.id, { credential: null }, { version: kept.version });
    expect(unbound.credential).toBeUndefined();
    expect(unbound.accounts).toEqual(["2"]);
    const records = (await auditRecords(context)).filter(({ action }) => action === "collector.patch");
    expect(records.map(({ changes }) => changes)).toEqual([
      [{ path: "credential", before: null, after: credential }],
      [{ path: "accounts", before: ["111111111111"], after: ["2"] }],
      [{ path: "credential", before: credential, after: null }],
    ]);
    for (const { target } of records) expect(target).toBe(one.id);
  });
});

describe("binding a credential", () => {
  test("needs one who may reveal: who binds it could fetch it", async () => {
    const context = aContext();
    const { id: credential } = await aCredential(context);
    await expect(register(context, { credential })).rejects.toMatchObject({ code: "auth.forbidden" });
    const one = await register(context);
    await expect(
      patchCollector(context, anAdmin, one.id, { credential }, { version: one.version }),
    ).rejects.toMatchObject({ code: "auth.forbidden" });
  });

  test("needs a credential that is there and not revoked", async () => {
    const context = aContext();
    const bind = (credential: string) =>
      registerCollector(context, anAdmin, aCollector(aKey(), { credential }), { mayReveal: true });
    await expect(bind("crd_01JD0000000000000000000000")).rejects.toMatchObject({ code: "credential.not_found" });
    const { id } = await aCredential(context);
    await revokeCredential(context, anAdmin, id);
    await expect(bind(id)).rejects.toMatchObject({ code: "credential.revoked" });
    expect((await bind((await aCredential(context)).id)).credential).toMatch(/^crd_/);
  });
});

test("a credential that is revoked while it is bound is not bound, by a registration or by a change", async () => {
  const context = aContext();
  /** The credential is revoked when all was read, just before the commit. */
  const racing = (credential: string) => {
    let isFirst = true;
    const commit: typeof context.table.commit = async (writes) => {
      if (isFirst) {
        isFirst = false;
        await revokeCredential(context, anAdmin, credential);
      }
      return context.table.commit(writes);
    };
    return { ...context, table: { ...context.table, commit } };
  };
  const first = (await aCredential(context)).id;
  await expect(
    registerCollector(racing(first), anAdmin, aCollector(aKey(), { credential: first }), { mayReveal: true }),
  ).rejects.toMatchObject({ code: "credential.revoked" });
  const one = await register(context);
  const second = (await aCredential(context)).id;
  await expect(
    patchCollector(racing(second), anAdmin, one.id, { credential: second }, { version: one.version, mayReveal: true }),
  ).rejects.toMatchObject({ code: "credential.revoked" });
  const { items } = await listCollectors(context, { limit: 10, lastSeen: neverSeen });
  expect(items.map(({ id, credential }) => [id, credential])).toEqual([[one.id, undefined]]);
});

describe("the list of collectors", () => {
  test("of a state has those alone, and its cursor is of no other state", async () => {
    const context = aContext();
    const made = [];
    for (const name of ["a", "b", "c"]) {
      context.advance(1);
      made.push(await register(context, { name }));
    }
    await approveCollector(context, anAdmin, made[1]?.id as string);
    const names = async (state?: "pending" | "approved" | "revoked") =>
      (await listCollectors(context, { limit: 10, state, lastSeen: neverSeen })).items.map(({ name }) => name);
    expect(await names("pending")).toEqual(["a", "c"]);
    expect(await names("approved")).toEqual(["b"]);
    expect(await names("revoked")).toEqual([]);
    expect(await names()).toEqual(["a", "b", "c"]);
    const { cursor } = await listCollectors(context, { limit: 1, state: "pending", lastSeen: neverSeen });
    await expect(
      listCollectors(context, { limit: 1, state: "approved", cursor, lastSeen: neverSeen }),
    ).rejects.toMatchObject({ code: "cursor.invalid" });
  });

  test("is paged, oldest first, and says when each was last seen", async () => {
    const context = aContext();
    for (const name of ["a", "b", "c"]) {
      context.advance(1);
      await register(context, { name });
    }
    const lastSeen = async ({ name }: { name: string }) => (name === "b" ? "2026-11-22T04:00:00.000Z" : undefined);
    const first = await listCollectors(context, { limit: 2, lastSeen });
    expect(first.items.map((item) => [item.name, item.lastSeenAt])).toEqual([
      ["a", undefined],
      ["b", "2026-11-22T04:00:00.000Z"],
    ]);
    const second = await listCollectors(context, { limit: 2, cursor: first.cursor, lastSeen });
    expect(second.items.map((item) => item.name)).toEqual(["c"]);
    await expect(listCollectors(context, { limit: 2, cursor: "x", lastSeen })).rejects.toMatchObject({
      code: "cursor.invalid",
    });
  });
});
