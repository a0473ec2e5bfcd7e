import { newAccount } from "@cadastre/contract/account";
import { openSqliteTable } from "@cadastre/store/sqlite";
import type { Table } from "@cadastre/store/table";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createAccount, getAccount } from "../accounts/accounts.ts";
import { listAudit } from "../audit/list.ts";
import { anActorOf, withEmptyReplica } from "../audit/testing.ts";
import { type Context, DEFAULT_HOLD_POLICY, DEFAULT_RETENTION_DAYS, FIRST_ORGANIZATION } from "../context.ts";
import { CLAIM_LIFE_SECONDS, type IdempotentRequest, runOnce } from "./idempotency.ts";

/** Not a person: of one, the first record makes a key in a commit of its own, and here commits are counted. */
const ACTOR = anActorOf("service-account", "sva_1");
const REQUEST: IdempotentRequest = {
  actor: ACTOR,
  key: "k-1",
  operation: "POST /accounts",
  content: { secret: "guess" },
};
const ACCOUNT = newAccount.parse({ provider: "aws", account: "111111111111" });

let table: Table;
let context: Context;
let time: number;
beforeEach(() => {
  time = Date.parse("2026-11-20T12:00:00Z");
  const now = () => new Date(time++);
  table = openSqliteTable({ path: ":memory:", now, durable: false });
  context = {
    table,
    organization: FIRST_ORGANIZATION,
    now,
    holdPolicy: DEFAULT_HOLD_POLICY,
    retentionDays: DEFAULT_RETENTION_DAYS,
  };
});
afterEach(() => table.close());

const creating = {
  run: (held: Context) => createAccount(held, ACTOR, ACCOUNT),
  replay: () => getAccount(context, ACCOUNT),
};
const creations = async () => (await listAudit(context, { limit: 100, action: "account.create" })).items.length;

it("a request that ended after its commit and before its answer is answered by a repeat, and done once", async () => {
  const cut = {
    ...creating,
    async run(held: Context): Promise<never> {
      await creating.run(held);
      throw new Error("cut off");
    },
  };
  await expect(runOnce(context, REQUEST, cut)).rejects.toThrow("cut off");
  const { result, replayed } = await runOnce(context, REQUEST, creating);
  expect([result.account, replayed]).toEqual([ACCOUNT.account, true]);
  expect(await creations()).toBe(1);
});

it("a request that ended before its commit claims nothing", async () => {
  const cut = { ...creating, run: () => Promise.reject(new Error("cut off")) };
  await expect(runOnce(context, REQUEST, cut)).rejects.toThrow("cut off");
  expect((await runOnce(context, REQUEST, creating)).replayed).toBe(false);
});

it("requests at the same time under one key are one creation", async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => runOnce(context, REQUEST, creating)));
  expect(all.filter((one) => !one.replayed)).toHaveLength(1);
  expect(await creations()).toBe(1);
});

it("a creation that is refused for another reason is refused under a key too", async () => {
  await createAccount(context, ACTOR, ACCOUNT);
  await expect(runOnce(context, REQUEST, creating)).rejects.toMatchObject({ code: "account.exists" });
});

it("the claim costs the creation its own write and a read, and holds neither key nor request", async () => {
  const stored: string[] = [];
  const commit: Table["commit"] = (writes) => {
    stored.push(JSON.stringify(writes.map((write) => ("item" in write ? write.item : write))));
    return table.commit(writes);
  };
  await runOnce({ ...context, table: { ...table, commit } }, REQUEST, creating);
  expect(stored).toHaveLength(1);
  expect(stored[0]).toContain('"target":"aws/111111111111"');
  expect(stored[0]).not.toContain("guess");
  expect(stored[0]).not.toContain("k-1");
});

it("the clock stands still during a creation, so that what was created is known by its time", async () => {
  let at = "";
  const { result } = await runOnce(context, REQUEST, creating);
  await runOnce(context, REQUEST, {
    ...creating,
    replay: async (claim) => {
      at = claim.at;
      return getAccount(context, ACCOUNT);
    },
  });
  expect(at).toBe(result.createdAt);
});

it("the same key of another actor is another key; with another request or route it is refused and does nothing", async () => {
  await runOnce(context, REQUEST, creating);
  const other = { ...REQUEST, actor: anActorOf("service-account", "sva_2") };
  await expect(runOnce(context, other, creating)).rejects.toMatchObject({ code: "account.exists" });
  let done = 0;
  const counting = { run: async () => done++, replay: async () => done++ };
  for (const more of [{ operation: "POST /tokens" }, { content: { secret: "other" } }])
    await expect(runOnce(context, { ...REQUEST, ...more }, counting)).rejects.toMatchObject({
      code: "request.idempotency_reused",
    });
  expect(done).toBe(0);
});

it("a key is remembered for a day, and its claim is read strongly", async () => {
  const late = withEmptyReplica(context);
  await runOnce(late, REQUEST, creating);
  time += (CLAIM_LIFE_SECONDS - 1) * 1000;
  expect((await runOnce(late, REQUEST, creating)).replayed).toBe(true);
  time += 2000;
  await expect(runOnce(late, REQUEST, creating)).rejects.toMatchObject({ code: "account.exists" });
});
