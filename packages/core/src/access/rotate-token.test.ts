import { newToken } from "@cadastre/contract/token";
import { create } from "@cadastre/store/table";
import { describe, expect, test } from "vitest";
import {
  aContext,
  anActor,
  anAdmin,
  auditRecords,
  type TestContext,
  withEmptyReplica,
  withScopes,
} from "../audit/testing.ts";
import { type Actor, type Context, FIRST_ORGANIZATION, systemActor } from "../context.ts";
import { UserItem } from "../directory/items.ts";
import { patchUser, toUserItem } from "../directory/users.ts";
import { authenticateToken } from "./authenticate-token.ts";
import { forgetTokens } from "./forget-tokens.ts";
import { TokenChildItem, TokenItem } from "./items.ts";
import { rotateToken } from "./rotate-token.ts";
import { createToken, revokeToken, toTokenItem } from "./tokens.ts";

const DAY = 86_400;
const OWNER = { type: "user" as const, id: anActor.principal.id };
const GRANTER = anAdmin.principal.token?.id ?? "";
const HOUR = { overlapSeconds: 3600 };

async function withGranter(): Promise<TestContext> {
  const context = aContext();
  const of = { now: context.now(), createdBy: "system", organization: FIRST_ORGANIZATION, principal: OWNER, epoch: 0 };
  const granter = { name: "granter", scopes: ["admin" as const], expiresInSeconds: 300 * DAY };
  await context.table.commit([
    create(TokenItem, toTokenItem(GRANTER, "x", granter, of)),
    create(UserItem, toUserItem(OWNER.id, { userName: "ann" }, of)),
  ]);
  return context;
}

const aToken = (more: object = {}) => newToken.parse({ name: "ci", scopes: ["resources:read"], ...more });

const by = ({ id }: { readonly id: string }, scopes: readonly string[] = ["admin"]): Actor => ({
  ...anAdmin,
  principal: { ...anAdmin.principal, token: { id, scopes } },
});

describe("a rotated token", () => {
  test("is what the old one was, as long as that, while the old one ends after the overlap; it leaves one record", async () => {
    const context = await withGranter();
    const more = { accounts: ["aws/1"], addresses: ["10.0.0.0/8"], expiresInSeconds: 10 * DAY };
    const old = await createToken(context, anAdmin, aToken(more));
    context.advance(4 * DAY);
    const made = await rotateToken(context, anAdmin, old.id, HOUR);
    const { name, principal, scopes, accounts, addresses } = old;
    expect(made).toMatchObject({ name, principal, scopes, accounts, addresses, rotatedFrom: old.id });
    expect(Date.parse(made.expiresAt) - context.now().getTime()).toBe(10 * DAY * 1000);
    await authenticateToken(context, old.secret, undefined, "10.1.1.1");
    context.advance(3599);
    await authenticateToken(context, old.secret, undefined, "10.1.1.1");
    context.advance(1);
    await expect(authenticateToken(context, old.secret)).rejects.toMatchObject({ code: "auth.expired" });
    expect((await authenticateToken(context, made.secret, undefined, "10.1.1.1")).token?.id).toBe(made.id);
    const [, record, ...others] = await auditRecords(context);
    expect(others).toEqual([]);
    expect(record).toMatchObject({ action: "token.rotate", target: old.id, detail: { to: made.id } });
    expect(record?.changes).toEqual([{ path: "expiresAt", before: old.expiresAt, after: "2026-11-26T06:00:00.000Z" }]);
  });

  test("does not make the old one last longer, and outlives no token that asks: nobody lengthens its own life", async () => {
    const context = await withGranter();
    const old = await createToken(context, anAdmin, aToken({ scopes: ["admin"], expiresInSeconds: DAY }));
    context.advance(DAY - 60);
    const made = await rotateToken(context, by(old), old.id, HOUR);
    expect(made.expiresAt).toBe(old.expiresAt);
    expect((await context.table.get(TokenItem, { id: old.id }))?.expiresAt).toBe(old.expiresAt);
  });

  test("is rotated once: of two at once one is done; what ended or was revoked is not", async () => {
    const context = await withGranter();
    const old = await createToken(context, anAdmin, aToken({ expiresInSeconds: DAY }));
    const both = await Promise.allSettled([1, 2].map(() => rotateToken(context, anAdmin, old.id, HOUR)));
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const state = { code: "token.state" };
    await expect(rotateToken(context, anAdmin, old.id, HOUR)).rejects.toMatchObject(state);
    const gone = await createToken(context, anAdmin, aToken());
    await revokeToken(context, anAdmin, gone.id);
    await expect(rotateToken(context, anAdmin, gone.id, HOUR)).rejects.toMatchObject(state);
    const late = await createToken(context, anAdmin, aToken({ expiresInSeconds: DAY }));
    context.advance(DAY);
    await expect(rotateToken(context, anAdmin, late.id, HOUR)).rejects.toMatchObject(state);
  });

  test("gives nobody what it does not have", async () => {
    const context = await withGranter();
    const old = await createToken(context, anAdmin, aToken({ scopes: ["audit:read"] }));
    const little = by({ id: GRANTER }, ["tokens:write"]);
    await expect(rotateToken(context, little, old.id, HOUR)).rejects.toMatchObject({ code: "token.scope" });
    const limited = { ...withScopes(anActor, ["admin"]) };
    const within = { ...context, restriction: { accounts: ["aws/1" as const] } };
    await expect(rotateToken(within, limited, old.id, HOUR)).rejects.toMatchObject({ code: "token.not_found" });
    const other = { ...anAdmin, principal: { ...anAdmin.principal, id: "usr_01JD0000000000000000000009" } };
    await expect(rotateToken(context, other, old.id, HOUR)).rejects.toMatchObject({ code: "token.principal" });
    const [created, ...more] = await auditRecords(context);
    expect([created?.action, more]).toEqual(["token.create", []]);
  });

  test("is of no use where its principal was disabled since: nothing comes back to life", async () => {
    const context = await withGranter();
    const old = await createToken(context, anAdmin, aToken());
    const user = await context.table.get(UserItem, { id: OWNER.id }, { consistent: true });
    const { version = 0, ...item } = user ?? {};
    const changed = { ...(item as UserItem), epoch: 1 };
    await context.table.commit([{ op: "replace", entity: UserItem, item: changed, version }]);
    await expect(rotateToken(context, anAdmin, old.id, HOUR)).rejects.toMatchObject({ code: "token.state" });
  });

  test("ends with the old one, with whoever rotated it, and with what made the old one, also when the old one is forgotten", async () => {
    const context = { ...(await withGranter()), retentionDays: 1 };
    const admin = { scopes: ["admin"], expiresInSeconds: 200 * DAY };
    const [maker, turner] = [
      await createToken(context, anAdmin, aToken(admin)),
      await createToken(context, anAdmin, aToken(admin)),
    ];
    const old = await createToken(context, by(maker), aToken());
    const revokedWith = async (root: { readonly id: string }) =>
      (await revokeToken(context, anAdmin, root.id)).descendants;
    const first = await rotateToken(context, anAdmin, old.id, HOUR);
    const second = await rotateToken(context, by(turner), first.id, HOUR);
    context.advance(30 * DAY);
    const endedBefore = new Date(context.now().getTime() - DAY * 1000);
    const guard = { op: "check" as const, entity: TokenItem, key: { id: GRANTER }, is: "present" as const };
    expect((await forgetTokens(context, { endedBefore, after: undefined, guard })).removed).toBe(2);
    expect(await revokedWith(maker)).toEqual([second.id]);
    const another = await createToken(context, by(turner), aToken());
    const third = await rotateToken(context, anAdmin, another.id, HOUR);
    expect((await revokedWith(turner)).sort()).toEqual([another.id, third.id].sort());
    const last = await createToken(context, anAdmin, aToken());
    const successor = await rotateToken(context, by(last, ["resources:read"]), last.id, HOUR);
    expect(await revokedWith(last)).toEqual([successor.id]);
  });

  test("of a revocation beside it one is first: none is left over", async () => {
    const context = await withGranter();
    const old = await createToken(context, anAdmin, aToken());
    let commits = 0;
    const commit: typeof context.table.commit = async (writes) => {
      if (commits++ === 0) await revokeToken(context, anAdmin, old.id);
      return context.table.commit(writes);
    };
    const late = { ...context, table: { ...context.table, commit } };
    await expect(rotateToken(late, anAdmin, old.id, HOUR)).rejects.toMatchObject({ code: "token.state" });
  });
});

/** A token as it is stored. */
const stored = (context: Context, { id }: { readonly id: string }) =>
  context.table.get(TokenItem, { id }, { consistent: true });

/** Lays something over a token as it is stored. */
async function change(context: Context, id: string, more: Partial<TokenItem>): Promise<void> {
  const { version = 0, ...item } = (await stored(context, { id })) ?? {};
  await context.table.commit([
    { op: "replace", entity: TokenItem, item: { ...(item as TokenItem), ...more }, version },
  ]);
}

/** The same context, in which something happens before the first commit. */
function meanwhile(context: TestContext, what: () => Promise<unknown>): TestContext {
  let commits = 0;
  const commit: typeof context.table.commit = async (writes) => {
    if (commits++ === 0) await what();
    return context.table.commit(writes);
  };
  return { ...context, table: { ...context.table, commit } };
}

describe("what cannot be rotated", () => {
  test("says why: revoked, rotated, of a login session, expired at the very moment, of somebody who was disabled", async () => {
    const context = await withGranter();
    const { id } = await createToken(context, anAdmin, aToken({ expiresInSeconds: DAY }));
    const refused = async (more: Partial<TokenItem>, message: string) => {
      const before = await stored(context, { id });
      await change(context, id, more);
      await expect(rotateToken(context, anAdmin, id, HOUR)).rejects.toMatchObject({ code: "token.state", message });
      const { version: _, ...item } = before ?? {};
      const { version = 0 } = (await stored(context, { id })) ?? {};
      await context.table.commit([{ op: "replace", entity: TokenItem, item: item as TokenItem, version }]);
    };
    await refused({ revokedAt: context.now().toISOString() }, `${id} was revoked`);
    await refused({ rotatedTo: GRANTER }, `${id} was rotated; its successor is ${GRANTER}`);
    const session = { id: "ses_1", organization: FIRST_ORGANIZATION, user: OWNER.id, loginEpoch: 0 };
    await refused({ session }, `${id} ends with a login session: log in again instead`);
    await refused({ expiresAt: context.now().toISOString() }, `${id} has expired`);
    await refused({ epoch: 1 }, `whose ${id} is was disabled or removed`);
    await rotateToken(context, anAdmin, id, HOUR);
  });

  test("is what was made by many that are still good: sixteen of them, with itself, are taken along", async () => {
    const context = await withGranter();
    const ids = Array.from({ length: 16 }, (_, n) => `tok_01JD00000000000000000001${String(n).padStart(2, "0")}`);
    const { version: _, ...granter } = (await stored(context, { id: GRANTER })) as TokenItem & { version: number };
    await context.table.commit(ids.map((id) => create(TokenItem, { ...granter, id })));
    const { id } = await createToken(context, anAdmin, aToken());
    await change(context, id, { ancestors: ids });
    await expect(rotateToken(context, anAdmin, id, HOUR)).rejects.toMatchObject({
      code: "token.state",
      message: "16 tokens before it are still good; rotate it once they have ended",
    });
    await change(context, id, { ancestors: ids.slice(1) });
    const made = await rotateToken(context, anAdmin, id, HOUR);
    expect((await stored(context, made))?.ancestors).toEqual([id, ...ids.slice(1)]);
  });
});

describe("what takes a rotated token along", () => {
  test("is who asked for it, the old one, and what took that along, as long as they are good themselves", async () => {
    const context = withEmptyReplica(await withGranter());
    const admin = { scopes: ["admin"], expiresInSeconds: 200 * DAY };
    const root = await createToken(context, anAdmin, aToken(admin));
    const maker = await createToken(context, by(root), aToken(admin));
    const old = await createToken(context, by(maker), aToken());
    const first = await rotateToken(context, by(root), old.id, HOUR);
    expect(await stored(context, first)).toMatchObject({ parent: root.id, ancestors: [old.id, maker.id] });
    const second = await rotateToken(context, by(maker), first.id, HOUR);
    // Who asks for it is named once, as what made it.
    expect(await stored(context, second)).toMatchObject({ parent: maker.id, ancestors: [first.id, root.id, old.id] });
    await revokeToken(context, anAdmin, root.id, { descendants: false });
    context.advance(3600);
    const third = await rotateToken(context, anAdmin, second.id, HOUR);
    // What has ended to the very moment, or is revoked, takes nothing along any more.
    expect(await stored(context, third)).toMatchObject({ parent: GRANTER, ancestors: [second.id, maker.id] });
  });

  test("is none that is forgotten, and none where the service made it", async () => {
    const context = await withGranter();
    const system = systemActor("req_1");
    const made = await createToken(context, system, aToken({ principal: OWNER, scopes: ["admin"] }));
    const itself = await rotateToken(context, by(made), made.id, HOUR);
    expect(await stored(context, itself)).not.toHaveProperty("ancestors");
    await change(context, itself.id, { ancestors: ["tok_01JD0000000000000000000009"] });
    const again = await rotateToken(context, system, itself.id, HOUR);
    const item = await stored(context, again);
    expect(item).toMatchObject({ ancestors: [itself.id, made.id] });
    expect(item).not.toHaveProperty("parent");
    const places = await context.table.query(TokenChildItem, { partition: `token#${undefined}` });
    expect(places.items).toEqual([]);
  });

  test("knows it until it is forgotten itself, a day after it could be revoked; its maker for good", async () => {
    const context = await withGranter();
    const old = await createToken(context, anAdmin, aToken({ expiresInSeconds: DAY }));
    const { id } = await rotateToken(context, anAdmin, old.id, HOUR);
    const end = Math.ceil(Date.parse(old.expiresAt) / 1000) + (context.retentionDays + 1) * DAY;
    const place = (parent: string) => context.table.get(TokenChildItem, { parent, id }, { consistent: true });
    expect(await place(old.id)).toMatchObject({ expiresAt: end });
    expect(await place(GRANTER)).not.toHaveProperty("expiresAt");
  });

  test("is, revoked at that moment, the end of it: nothing is made", async () => {
    const context = await withGranter();
    const turner = await createToken(context, anAdmin, aToken({ scopes: ["admin"] }));
    const old = await createToken(context, anAdmin, aToken());
    const late = meanwhile(context, () => revokeToken(context, anAdmin, turner.id));
    await expect(rotateToken(late, by(turner), old.id, HOUR)).rejects.toMatchObject({ code: "auth.revoked" });
    expect(await stored(context, old)).not.toHaveProperty("rotatedTo");
  });
});

describe("what a rotation rests on", () => {
  test("is whose it is, too: disabled at that moment, it makes nothing", async () => {
    const context = await withGranter();
    const old = await createToken(context, anAdmin, aToken());
    const late = meanwhile(context, () => patchUser(context, anAdmin, OWNER.id, { disabled: true }, {}));
    await expect(rotateToken(late, anAdmin, old.id, HOUR)).rejects.toMatchObject({ code: "token.principal" });
    expect(await stored(context, old)).not.toHaveProperty("rotatedTo");
  });

  test("is what its caller wants used up with it, which is told the old one", async () => {
    const context = await withGranter();
    const old = await createToken(context, anAdmin, aToken());
    const used = create(TokenChildItem, { parent: "used", id: "up" });
    const asked: string[] = [];
    const guard = async ({ id }: TokenItem) => {
      asked.push(id);
      return [used];
    };
    await rotateToken(context, anAdmin, old.id, HOUR, guard);
    expect(asked).toEqual([old.id]);
    expect(await context.table.get(TokenChildItem, { parent: "used", id: "up" })).toBeDefined();
    const another = await createToken(context, anAdmin, aToken());
    const usedUp = async () => {
      throw new Error("used up");
    };
    await expect(rotateToken(context, anAdmin, another.id, HOUR, usedUp)).rejects.toThrow("used up");
    expect(await stored(context, another)).not.toHaveProperty("rotatedTo");
  });

  test("is that it can be used from nowhere beyond where who asks can", async () => {
    const context = await withGranter();
    await change(context, GRANTER, { addresses: ["10.0.0.0/8"] });
    const of = async (addresses: readonly string[] | undefined) => {
      const { id } = await createToken(context, systemActor("req_1"), aToken({ principal: OWNER }));
      if (addresses !== undefined) await change(context, id, { addresses: [...addresses] });
      return rotateToken(context, anAdmin, id, HOUR);
    };
    for (const addresses of [undefined, ["11.0.0.0/8"]])
      await expect(of(addresses)).rejects.toMatchObject({ code: "token.scope" });
    expect((await of(["10.1.0.0/16"])).addresses).toEqual(["10.1.0.0/16"]);
  });

  test("gives the login session of who asks on", async () => {
    const context = await withGranter();
    const session = { id: "ses_1", organization: FIRST_ORGANIZATION, user: OWNER.id, loginEpoch: 0 };
    const old = await createToken(context, anAdmin, aToken());
    await change(context, GRANTER, { session });
    const made = await rotateToken(context, anAdmin, old.id, HOUR);
    expect(await stored(context, made)).toMatchObject({ session });
  });
});
