import { newAccount } from "@cadastre/contract/account";
import { parse } from "@cadastre/contract/parse";
import { describe, expect, test } from "vitest";
import { aContext, anActor } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { parseSearch } from "../subjects/parse-search.ts";
import { searchSubjects } from "../subjects/search.ts";
import { createAccount, deleteAccount, patchAccount } from "./accounts.ts";
import { noteAccounts } from "./note-accounts.ts";
import { AccountSubject } from "./subject.ts";

const KEY = { provider: "aws", account: "111122223333" } as const;

async function found(context: Context, q: string): Promise<string[]> {
  const { items } = await searchSubjects(context, [AccountSubject], parseSearch(q, context.now()), { limit: 10 });
  return items.map(({ provider, account }) => `${provider}/${account}`);
}

async function anEstate() {
  const context = aContext();
  const said = { name: "Shop production", tier: "gold", environment: "prod", owner: "Team Payments" };
  const made = await createAccount(context, anActor, parse(newAccount, { ...KEY, ...said }));
  await createAccount(
    context,
    anActor,
    parse(newAccount, { provider: "gcp", account: "shop-test", name: "shop test" }),
  );
  return { context, made };
}

describe("accounts", () => {
  test.each([
    ["1111", ["aws/111122223333"]],
    ["shop", ["gcp/shop-test", "aws/111122223333"]],
    ["production", ["aws/111122223333"]],
    ["gold", ["aws/111122223333"]],
    ["tag:environment=prod", ["aws/111122223333"]],
    ["tag:tier", ["aws/111122223333"]],
    ['owner:"Team Payments"', ["aws/111122223333"]],
    ['owner:"team payments"', []],
    ["owner:team*payments", ["aws/111122223333"]],
    ["-has:owner", ["gcp/shop-test"]],
    ["has:owner", ["aws/111122223333"]],
    ["id:gcp/shop-test", ["gcp/shop-test"]],
    ["account:aws/111122223333", ["aws/111122223333"]],
    ["created:today", ["aws/111122223333", "gcp/shop-test"]],
    ["account:1111*,shop-* -tag:tier=gold", ["gcp/shop-test"]],
    ["shop NOT kind:instance", []],
    ["payments", []],
    ["team", ["aws/111122223333"]],
    ["account:shop-test", ["gcp/shop-test"]],
    ["type:account", ["aws/111122223333", "gcp/shop-test"]],
    ["type:account provider:gcp", ["gcp/shop-test"]],
    ["name:*TEST", ["gcp/shop-test"]],
    ["type:resource", []],
    ["kind:instance", []],
    ["status:retired", []],
    ["ip:10.0.0.1", []],
  ])("are found by %s", async (q, expected) => {
    const { context } = await anEstate();
    expect((await found(context, q)).sort()).toEqual([...expected].sort());
  });

  test("are found by what is said of them now, and no longer when they are deleted", async () => {
    const { context, made } = await anEstate();
    const { version } = await patchAccount(
      context,
      anActor,
      KEY,
      { tier: "silver", owner: "" },
      { version: made.version },
    );
    expect(await found(context, "gold")).toEqual([]);
    expect(await found(context, "owner:team*payments")).toEqual([]);
    expect(await found(context, "silver")).toEqual(["aws/111122223333"]);
    await deleteAccount(context, anActor, KEY, { version, hasActiveResources: async () => false });
    expect(await found(context, "silver")).toEqual([]);
  });

  test("that a collector saw are found, those of others are not shown to who may not see them", async () => {
    const { context } = await anEstate();
    await noteAccounts(context, anActor, [{ provider: "aws", account: "999988887777" }]);
    expect(await found(context, "9999")).toEqual(["aws/999988887777"]);
    expect(await found({ ...context, restriction: { accounts: ["gcp/shop-test"] } }, "type:account")).toEqual([
      "gcp/shop-test",
    ]);
  });
});
