import { account, newAccount } from "@cadastre/contract/account";
import { parse } from "@cadastre/contract/parse";
import { describe, expect, test } from "vitest";
import { aContext, anActor, anActorOf, auditRecords } from "../audit/testing.ts";
import { actorName } from "../context.ts";
import { type AccountKey, createAccount, deleteAccount, getAccount, listAccounts, patchAccount } from "./accounts.ts";
import { noteAccounts } from "./note-accounts.ts";

const PROD: AccountKey = { provider: "aws", account: "111111111111" };
const anAccount = (more: object = {}) => parse(newAccount, { ...PROD, name: "prod", ...more });
const unused = async () => false;
const collector = anActorOf("collector", "col_01JD0000000000000000000000", "req_2");

describe("accounts", () => {
  test("are created once under provider and account, and read back whole", async () => {
    const context = aContext();
    const made = await createAccount(context, anActor, anAccount({ tier: "gold", regions: ["eu-west-1"] }));
    expect(account.strict().parse(made)).toMatchObject({
      tier: "gold",
      createdBy: actorName(anActor),
      regions: ["eu-west-1"],
    });
    expect(await getAccount(context, PROD)).toEqual(made);
    await expect(createAccount(context, anActor, anAccount())).rejects.toMatchObject({ code: "account.exists" });
    await createAccount(context, anActor, anAccount({ provider: "gcp" }));
    expect((await auditRecords(context)).map((record) => [record.action, record.target])).toEqual([
      ["account.create", "aws/111111111111"],
      ["account.create", "gcp/111111111111"],
    ]);
  });

  test("of two creations at the same time exactly one is done", async () => {
    const context = aContext();
    const results = await Promise.allSettled([1, 2, 3].map(() => createAccount(context, anActor, anAccount())));
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    expect(await auditRecords(context)).toHaveLength(1);
  });

  test("that are not there are not found", async () => {
    const context = aContext();
    const missing = { code: "account.not_found" };
    await expect(getAccount(context, PROD)).rejects.toMatchObject(missing);
    await expect(patchAccount(context, anActor, PROD, {}, { version: 1 })).rejects.toMatchObject(missing);
    await expect(deleteAccount(context, anActor, PROD, { hasActiveResources: unused })).rejects.toMatchObject(missing);
    expect(await auditRecords(context)).toEqual([]);
  });

  test("are changed at the version that was seen; what was not given stays; the record has before and after", async () => {
    const context = aContext();
    const made = await createAccount(context, anActor, anAccount({ tier: "gold", notes: "keep" }));
    context.advance(60);
    const { version } = made;
    const patched = await patchAccount(context, anActor, PROD, { tier: "silver" }, { version });
    expect(patched).toEqual({
      ...made,
      tier: "silver",
      updatedAt: "2026-11-22T05:01:00.000Z",
      version: patched.version,
    });
    await expect(patchAccount(context, anActor, PROD, { tier: "x" }, { version })).rejects.toMatchObject({
      code: "request.precondition_failed",
    });
    const records = await auditRecords(context);
    expect(records).toHaveLength(2);
    expect(records[1]).toMatchObject({
      action: "account.patch",
      changes: [{ path: "tier", before: "gold", after: "silver" }],
    });
  });

  test("are deleted only when the register has nothing active of them, and only at the version given", async () => {
    const context = aContext();
    const { version } = await createAccount(context, anActor, anAccount());
    const asked: AccountKey[] = [];
    const used = async (key: AccountKey) => {
      asked.push(key);
      return true;
    };
    await expect(deleteAccount(context, anActor, PROD, { hasActiveResources: used })).rejects.toMatchObject({
      code: "account.in_use",
    });
    expect(asked).toEqual([PROD]);
    await expect(
      deleteAccount(context, anActor, PROD, { hasActiveResources: unused, version: version + 1 }),
    ).rejects.toMatchObject({ code: "request.precondition_failed" });
    await deleteAccount(context, anActor, PROD, { hasActiveResources: unused, version });
    await expect(getAccount(context, PROD)).rejects.toMatchObject({ code: "account.not_found" });
    const actions = (await auditRecords(context)).map((record) => record.action);
    expect(actions).toEqual(["account.create", "account.delete"]);
  });

  test("are listed by provider and account, all or of one provider, page by page", async () => {
    const context = aContext();
    for (const key of [
      { provider: "gcp", account: "a" },
      { provider: "aws", account: "2" },
      { provider: "aws", account: "1" },
    ]) {
      await createAccount(context, anActor, anAccount(key));
    }
    const first = await listAccounts(context, { limit: 2 });
    const second = await listAccounts(context, { limit: 2, cursor: first.cursor });
    expect([...first.items, ...second.items].map((item) => `${item.provider}/${item.account}`)).toEqual([
      "aws/1",
      "aws/2",
      "gcp/a",
    ]);
    const gcp = await listAccounts(context, { limit: 2, provider: "gcp" });
    expect(gcp.items.map((item) => item.account)).toEqual(["a"]);
    await expect(listAccounts(context, { limit: 2, provider: "gcp", cursor: first.cursor })).rejects.toMatchObject({
      code: "cursor.invalid",
    });
  });
});

describe("an account that a collector reports", () => {
  test("for the first time is created by the collector, and what operators said of a known one is not touched", async () => {
    const context = aContext();
    const known = await createAccount(context, anActor, anAccount({ notes: "ours" }));
    const unknown: AccountKey = { provider: "aws", account: "222222222222" };
    await noteAccounts(context, collector, [PROD, unknown, unknown]);
    expect(await getAccount(context, unknown)).toMatchObject({
      createdBy: actorName(collector),
      name: "",
      regions: [],
    });
    expect(await getAccount(context, PROD)).toEqual(known);
    await noteAccounts(context, collector, [PROD, unknown]);
    expect((await auditRecords(context)).slice(1)).toMatchObject([
      { action: "account.noted", target: "aws/222222222222", detail: { accounts: ["aws/222222222222"] } },
    ]);
  });

  test("by two runs at once is created once", async () => {
    const context = aContext();
    await Promise.all([noteAccounts(context, collector, [PROD]), noteAccounts(context, collector, [PROD])]);
    expect(await auditRecords(context)).toMatchObject([{ action: "account.noted", target: "aws/111111111111" }]);
  });

  test("costs half a read unit when it is known", async () => {
    const context = aContext();
    await createAccount(context, anActor, anAccount());
    const { units } = await context.table.meter.measure(() => noteAccounts(context, collector, [PROD]));
    expect(units).toEqual({ read: 0.5, write: 0 });
  });
});
