import { parse } from "@cadastre/contract/parse";
import { createdToken, newToken, token } from "@cadastre/contract/token";
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
import { type Actor, actorName, FIRST_ORGANIZATION, systemActor } from "../context.ts";
import { ServiceAccountItem, UserItem } from "../directory/items.ts";
import { deletePrincipal } from "../directory/principals.ts";
import { patchServiceAccount, toServiceAccountItem } from "../directory/service-accounts.ts";
import { toUserItem } from "../directory/users.ts";
import { authenticateToken } from "./authenticate-token.ts";
import { TokenItem } from "./items.ts";
import { rotateToken } from "./rotate-token.ts";
import { idOfTokenText, newTokenText } from "./token-text.ts";
import { createToken, listTokens, revokeToken, toTokenItem } from "./tokens.ts";

const aToken = (more: object = {}) => parse(newToken, { name: "ci", scopes: ["resources:read"], ...more });

/** Who gives: a token with these scopes, limited to these accounts when there are any. */
const aGranter = (scopes: readonly string[], accounts?: readonly string[]): Actor =>
  withScopes(anActor, scopes, accounts);
const GRANTER_DAYS = 300;
const GRANTER = anAdmin.principal.token?.id ?? "";
const OWNER = { type: "user" as const, id: anActor.principal.id };

/** A context that has the granter, a user with a token that lives for 300 days; in no list and no record. */
async function withGranter(): Promise<TestContext> {
  const context = aContext();
  const granter = { name: "granter", scopes: ["admin" as const], expiresInSeconds: GRANTER_DAYS * 86_400 };
  const of = { now: context.now(), createdBy: "system" };
  const owner = { organization: FIRST_ORGANIZATION, principal: OWNER, epoch: 0 };
  await context.table.commit([
    create(TokenItem, toTokenItem(GRANTER, "x", granter, { ...of, ...owner })),
    create(UserItem, toUserItem(OWNER.id, { userName: "ann" }, of)),
  ]);
  return context;
}

/** Who acts by a token that was made. */
const actingBy = ({ id }: { readonly id: string }, scopes: readonly string[] = ["admin"]): Actor => ({
  ...anActor,
  principal: { ...anActor.principal, token: { id, scopes } },
});

describe("tokens", () => {
  test("made or revoked a moment ago counts at once, however far replicas are behind", async () => {
    const context = withEmptyReplica(await withGranter());
    const made = await createToken(context, anAdmin, aToken());
    expect((await authenticateToken(context, made.secret)).token?.id).toBe(made.id);
    await revokeToken(context, anAdmin, made.id);
    await expect(authenticateToken(context, made.secret)).rejects.toMatchObject({ code: "auth.revoked" });
  });

  test("its records say which scopes and accounts were given to it until when, and which token was revoked", async () => {
    const context = await withGranter();
    const { id, expiresAt } = await createToken(context, anAdmin, aToken({ accounts: ["aws/1", "aws/1"] }));
    await revokeToken(context, anAdmin, id);
    const [created, revoked] = await auditRecords(context);
    expect(created).toMatchObject({ action: "token.create", target: id, actor: actorName(anAdmin) });
    const principal = OWNER.id;
    expect(created?.detail).toEqual({
      name: "ci",
      principal,
      scopes: ["resources:read"],
      accounts: ["aws/1"],
      expiresAt,
    });
    expect(revoked).toMatchObject({ target: id, detail: { name: "ci" } });
  });

  test("the service itself gives anything, a token admin only when it is one itself", async () => {
    const context = await withGranter();
    const everything = aToken({ scopes: ["admin", "credentials:reveal"] });
    expect((await createToken(context, systemActor("req_1"), { ...everything, principal: OWNER })).scopes).toHaveLength(
      2,
    );
    const both = aGranter(["admin", "credentials:reveal"]);
    expect((await createToken(context, both, everything)).scopes).toHaveLength(2);
    await expect(createToken(context, aGranter([]), everything)).rejects.toMatchObject({
      message: "your token does not have admin, credentials:reveal",
    });
  });

  test("a created token authenticates as its scopes and actor", async () => {
    const context = await withGranter();
    const made = await createToken(context, anAdmin, aToken());
    createdToken.parse(made);
    expect(await authenticateToken(context, made.secret)).toEqual({
      ...OWNER,
      name: "ann",
      organization: FIRST_ORGANIZATION,
      groups: [],
      roles: [],
      policyVersion: 0,
      token: { id: made.id, scopes: ["resources:read"], cursorKey: expect.any(String), expiresAt: made.expiresAt },
    });
  });

  test("nobody gives what they do not have, admin not credentials:reveal, and nothing is written", async () => {
    const context = await withGranter();
    const give = (scopes: string[], own: ("admin" | "tokens:write")[]) =>
      createToken(context, aGranter(own), aToken({ scopes }));
    await expect(give(["credentials:reveal"], ["admin"])).rejects.toMatchObject({ code: "token.scope" });
    await expect(give(["admin"], ["tokens:write"])).rejects.toMatchObject({ code: "token.scope" });
    await expect(give(["tokens:write", "audit:read"], ["tokens:write"])).rejects.toMatchObject({
      code: "token.scope",
      message: expect.stringContaining("audit:read"),
    });
    expect(await listTokens(context, { limit: 10 })).toEqual({ items: [] });
    expect(await auditRecords(context)).toEqual([]);
  });

  test("who is limited to accounts gives these or fewer, and gives its limits on when it says none", async () => {
    const context = await withGranter();
    const granter = aGranter(["admin"], ["aws/1", "aws/2"]);
    const give = (accounts?: string[]) => createToken(context, granter, aToken(accounts ? { accounts } : {}));
    await expect(give(["aws/1", "aws/3"])).rejects.toMatchObject({
      code: "token.scope",
      message: "your token does not have aws/3",
    });
    const made = await give();
    expect((await authenticateToken(context, made.secret)).token?.accounts).toEqual(["aws/1", "aws/2"]);
    expect((await give(["aws/2"])).accounts).toEqual(["aws/2"]);
    expect((await createToken(context, anAdmin, aToken({ accounts: ["aws/9"] }))).accounts).toEqual(["aws/9"]);
  });

  test("who is limited to accounts sees and revokes the tokens that are limited to no others", async () => {
    const context = await withGranter();
    const free = await createToken(context, anAdmin, aToken());
    const other = await createToken(context, anAdmin, aToken({ accounts: ["aws/1", "aws/2"] }));
    const own = await createToken(context, anAdmin, aToken({ accounts: ["aws/1"] }));
    const limited = { ...context, restriction: { accounts: ["aws/1"] } };
    expect((await listTokens(limited, { limit: 10 })).items.map(({ id }) => id)).toEqual([own.id]);
    for (const { id } of [free, other])
      await expect(revokeToken(limited, anAdmin, id)).rejects.toMatchObject({ code: "token.not_found" });
    expect((await revokeToken(limited, anAdmin, own.id)).revokedAt).toBeDefined();
  });

  test("malformed, unknown and wrong are one and the same answer", async () => {
    const context = await withGranter();
    const made = await createToken(context, anAdmin, aToken());
    const unknown = newTokenText("tok_01JD0000000000000000000000");
    const wrong = newTokenText(made.id);
    const errors = await Promise.all(
      ["", "nonsense", made.secret.slice(0, -1), unknown, wrong].map((text) =>
        authenticateToken(context, text).catch((error: Error & { code: string; errors: unknown; extra: unknown }) => ({
          code: error.code,
          message: error.message,
          errors: error.errors,
          extra: error.extra,
        })),
      ),
    );
    expect(errors[0]).toMatchObject({ code: "auth.invalid" });
    for (const error of errors) expect(error).toEqual(errors[0]);
  });

  test("an expired token says so to its holder alone, at the very second", async () => {
    const context = await withGranter();
    const made = await createToken(context, anAdmin, aToken({ expiresInSeconds: 60 }));
    context.advance(59.999);
    await authenticateToken(context, made.secret);
    context.advance(0.001);
    await expect(authenticateToken(context, made.secret)).rejects.toMatchObject({ code: "auth.expired" });
    await expect(authenticateToken(context, newTokenText(made.id))).rejects.toMatchObject({ code: "auth.invalid" });
  });

  test("a revoked token is refused at once, and revoking it again changes nothing", async () => {
    const context = await withGranter();
    const made = await createToken(context, anAdmin, aToken());
    const revoked = await revokeToken(context, anAdmin, made.id);
    expect(revoked).toMatchObject({ revokedBy: actorName(anAdmin), revokedAt: "2026-11-22T05:00:00.000Z" });
    await expect(authenticateToken(context, made.secret)).rejects.toMatchObject({ code: "auth.revoked" });
    context.advance(10);
    expect(await revokeToken(context, anAdmin, made.id)).toEqual(revoked);
    expect((await auditRecords(context)).map((record) => record.action)).toEqual(["token.create", "token.revoke"]);
  });

  test("an unknown token is not found", async () => {
    await expect(revokeToken(aContext(), anActor, "tok_01JD0000000000000000000000")).rejects.toMatchObject({
      code: "token.not_found",
    });
  });

  test("no view, audit record or item holds a token's text, and no view its hash", async () => {
    const context = await withGranter();
    const made = await createToken(context, anAdmin, aToken());
    const stored = await context.table.get(TokenItem, { id: made.id });
    const { items } = await listTokens(context, { limit: 10 });
    const secret = made.secret.slice(31);
    expect(JSON.stringify([stored, items, await auditRecords(context)])).not.toContain(secret);
    expect(stored?.secretHash).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify([items, made, await auditRecords(context)])).not.toContain(stored?.secretHash);
    for (const item of items) expect(Object.keys(token.strict().parse(item))).not.toContain("secretHash");
  });

  test("the list is paged, oldest first, and a cursor of another list is refused", async () => {
    const context = await withGranter();
    for (const name of ["a", "b", "c"]) {
      context.advance(1);
      await createToken(context, anAdmin, aToken({ name }));
    }
    const first = await listTokens(context, { limit: 2 });
    expect(first.items.map((item) => item.name)).toEqual(["a", "b"]);
    const second = await listTokens(context, { limit: 2, cursor: first.cursor });
    expect(second.items.map((item) => item.name)).toEqual(["c"]);
    expect(second.cursor).toBeUndefined();
    await expect(listTokens(context, { limit: 2, cursor: "bm9uc2Vuc2U" })).rejects.toMatchObject({
      code: "cursor.invalid",
    });
  });

  test("authenticating costs three strongly consistent reads, and none for what is malformed", async () => {
    const context = await withGranter();
    const { secret } = await createToken(context, anAdmin, aToken());
    const right = await context.table.meter.measure(() => authenticateToken(context, secret));
    expect(right).toMatchObject({ units: { read: 3, write: 0 }, calls: 3 });
    expect(idOfTokenText(secret)).toBe(right.result.token?.id);
    const wrong = await context.table.meter.measure(() => authenticateToken(context, `${secret}x`).catch(() => "no"));
    expect(wrong).toMatchObject({ units: { read: 0, write: 0 }, calls: 0 });
  });
});

describe("a token's life", () => {
  test("is no longer than that of the token that makes it", async () => {
    const context = await withGranter();
    context.advance((GRANTER_DAYS - 10) * 86_400);
    const end = (await context.table.get(TokenItem, { id: GRANTER }))?.expiresAt;
    expect((await createToken(context, anAdmin, aToken())).expiresAt).toBe(end);
    const exactly = aToken({ expiresInSeconds: 10 * 86_400 });
    expect((await createToken(context, anAdmin, exactly)).expiresAt).toBe(end);
    const longer = aToken({ expiresInSeconds: 10 * 86_400 + 1 });
    await expect(createToken(context, anAdmin, longer)).rejects.toMatchObject({
      code: "request.invalid",
      errors: [
        { path: "expiresInSeconds", message: "your own token ends in 864000 seconds, and what it makes no later" },
      ],
    });
  });

  test("is 90 days when nobody says", async () => {
    const { expiresAt } = await createToken(await withGranter(), anAdmin, aToken());
    expect(expiresAt).toBe("2027-02-20T05:00:00.000Z");
  });

  test("ends with the token that made it, at any depth, and each end has its record", async () => {
    const context = await withGranter();
    const root = await createToken(context, anAdmin, aToken({ scopes: ["admin"] }));
    const child = await createToken(context, actingBy(root), aToken({ scopes: ["admin"] }));
    const grandchildren = [];
    for (let n = 0; n < 3; n++) grandchildren.push(await createToken(context, actingBy(child), aToken()));
    const sibling = await createToken(context, anAdmin, aToken());
    await revokeToken(context, anAdmin, grandchildren[0]?.id ?? "");
    const answer = await revokeToken(context, anAdmin, root.id);
    const taken = [child, ...grandchildren.slice(1)].map(({ id }) => id);
    expect([...answer.descendants].sort()).toEqual(taken.sort());
    for (const one of [root, child, ...grandchildren])
      await expect(authenticateToken(context, one.secret)).rejects.toMatchObject({ code: "auth.revoked" });
    await authenticateToken(context, sibling.secret);
    const ended = (await auditRecords(context)).filter(({ action }) => action === "token.revoke");
    expect(ended.map(({ target }) => target).sort()).toEqual(
      [root, child, ...grandchildren].map(({ id }) => id).sort(),
    );
    expect(ended.find(({ target }) => target === child.id)?.detail).toMatchObject({ with: root.id });
    expect((await revokeToken(context, anAdmin, root.id)).descendants).toEqual([]);
  });

  test("goes on when its maker is revoked alone; asked for again, it is taken along", async () => {
    const context = await withGranter();
    const root = await createToken(context, anAdmin, aToken({ scopes: ["admin"] }));
    const maker = actingBy(root);
    const child = await createToken(context, maker, aToken());
    expect((await revokeToken(context, anAdmin, root.id, { descendants: false })).descendants).toEqual([]);
    await authenticateToken(context, child.secret);
    expect((await revokeToken(context, anAdmin, root.id)).descendants).toEqual([child.id]);
  });

  test("is not given by a token that is revoked at that moment", async () => {
    const context = await withGranter();
    const root = await createToken(context, anAdmin, aToken({ scopes: ["admin"] }));
    const maker = actingBy(root);
    let commits = 0;
    const commit: typeof context.table.commit = async (writes) => {
      if (commits++ === 0) await revokeToken(context, anAdmin, root.id);
      return context.table.commit(writes);
    };
    const late = { ...context, table: { ...context.table, commit } };
    await expect(createToken(late, maker, aToken())).rejects.toMatchObject({ code: "auth.revoked" });
    expect((await listTokens(context, { limit: 10 })).items).toHaveLength(1);
  });
});

describe("who may revoke a token", () => {
  test("is who could have given it, an admin, and the token itself", async () => {
    const context = await withGranter();
    const { id } = await createToken(context, anAdmin, aToken({ scopes: ["audit:read", "resources:read"] }));
    const other = (scopes: string[]) => actingBy({ id: "tok_01JD0000000000000000000009" }, scopes);
    await expect(revokeToken(context, other(["tokens:write", "audit:read"]), id)).rejects.toMatchObject({
      code: "token.scope",
      message: "your token does not have resources:read",
    });
    const able = other(["tokens:write", "audit:read", "resources:read"]);
    expect((await revokeToken(context, able, id)).revokedBy).toBe(actorName(able));
    const revealing = await createToken(
      context,
      systemActor("req_1"),
      aToken({ principal: OWNER, scopes: ["credentials:reveal"] }),
    );
    await expect(revokeToken(context, able, revealing.id)).rejects.toMatchObject({ code: "token.scope" });
    await revokeToken(context, anAdmin, revealing.id);
    const own = await createToken(context, anAdmin, aToken());
    await revokeToken(context, actingBy(own, ["tokens:write"]), own.id);
  });
});

describe("whose a token is", () => {
  const SERVICE_ACCOUNT = { type: "service-account", id: "sva_01JD0000000000000000000001" } as const;

  async function withAnother(): Promise<TestContext> {
    const context = await withGranter();
    const of = { now: context.now(), createdBy: "system" };
    const another = toUserItem("usr_01JD0000000000000000000009", { userName: "bob" }, of);
    const robot = toServiceAccountItem(SERVICE_ACCOUNT.id, "robot", of);
    await context.table.commit([create(UserItem, another), create(ServiceAccountItem, robot)]);
    return context;
  }

  test("is its maker, or for an admin a service account; never another person", async () => {
    const context = await withAnother();
    expect((await createToken(context, anAdmin, aToken())).principal).toEqual(OWNER);
    const robots = await createToken(context, anAdmin, aToken({ principal: SERVICE_ACCOUNT }));
    expect(await authenticateToken(context, robots.secret)).toMatchObject({ ...SERVICE_ACCOUNT, name: "robot" });
    const refused = { code: "token.principal" };
    const able = aGranter(["tokens:write", "resources:read"]);
    await expect(createToken(context, able, aToken({ principal: SERVICE_ACCOUNT }))).rejects.toMatchObject(refused);
    const bobs = aToken({ principal: { type: "user", id: "usr_01JD0000000000000000000009" } });
    await expect(createToken(context, anAdmin, bobs)).rejects.toMatchObject(refused);
    await expect(createToken(context, systemActor("req_1"), aToken())).rejects.toMatchObject(refused);
    const nobodys = aToken({ principal: { ...SERVICE_ACCOUNT, id: "sva_01JD0000000000000000000009" } });
    await expect(createToken(context, anAdmin, nobodys)).rejects.toMatchObject({ code: "service-account.not_found" });
  });

  test("has no use of it any more once it is disabled, also when it is enabled again, and once it is removed", async () => {
    const context = await withAnother();
    const { secret } = await createToken(context, anAdmin, aToken({ principal: SERVICE_ACCOUNT }));
    const revoked = { code: "auth.revoked", message: "whose it is was disabled or removed" };
    await patchServiceAccount(context, anAdmin, SERVICE_ACCOUNT.id, { disabled: true }, {});
    await expect(authenticateToken(context, secret)).rejects.toMatchObject(revoked);
    await patchServiceAccount(context, anAdmin, SERVICE_ACCOUNT.id, { disabled: false }, {});
    await expect(authenticateToken(context, secret)).rejects.toMatchObject(revoked);
    const again = await createToken(context, anAdmin, aToken({ principal: SERVICE_ACCOUNT }));
    await authenticateToken(context, again.secret);
    await deletePrincipal(context, anAdmin, SERVICE_ACCOUNT, {});
    await expect(authenticateToken(context, again.secret)).rejects.toMatchObject(revoked);
  });

  test("is not one that is disabled while the token is made", async () => {
    const context = await withAnother();
    let commits = 0;
    const commit: typeof context.table.commit = async (writes) => {
      if (commits++ === 0) await patchServiceAccount(context, anAdmin, SERVICE_ACCOUNT.id, { disabled: true }, {});
      return context.table.commit(writes);
    };
    const late = { ...context, table: { ...context.table, commit } };
    const made = createToken(late, anAdmin, aToken({ principal: SERVICE_ACCOUNT }));
    await expect(made).rejects.toMatchObject({ code: "token.principal", message: `${SERVICE_ACCOUNT.id} is disabled` });
    expect((await listTokens(context, { limit: 10 })).items).toEqual([]);
  });
});

describe("a token that is limited to addresses", () => {
  const limited = async (context: TestContext) => {
    const { id } = await createToken(
      context,
      anAdmin,
      aToken({ scopes: ["admin"], addresses: ["10.0.0.0/8", "2001:db8::/32"] }),
    );
    return actingBy({ id });
  };

  test("makes such as are limited to the same, or to a part", async () => {
    const context = await withGranter();
    const by = await limited(context);
    expect((await createToken(context, by, aToken())).addresses).toEqual(["10.0.0.0/8", "2001:db8::/32"]);
    const part = ["10.1.0.0/16", "10.2.0.7", "2001:db8:1::/48"];
    expect((await createToken(context, by, aToken({ addresses: part }))).addresses).toEqual([
      "10.1.0.0/16",
      "10.2.0.7/32",
      "2001:db8:1::/48",
    ]);
    for (const beyond of [["0.0.0.0/0"], ["10.0.0.0/7"], ["10.0.0.0/9", "192.0.2.1"], ["::/0"]])
      await expect(createToken(context, by, aToken({ addresses: beyond }))).rejects.toMatchObject({
        code: "token.scope",
      });
  });

  test("rotates none that can be used from elsewhere, and a rotation keeps the addresses", async () => {
    const context = await withGranter();
    const by = await limited(context);
    const [everywhere, beyond, within] = await Promise.all(
      [{}, { addresses: ["192.0.2.0/24"] }, { addresses: ["10.1.0.0/16"] }].map((more) =>
        createToken(context, anAdmin, aToken(more)),
      ),
    );
    for (const one of [everywhere, beyond])
      await expect(rotateToken(context, by, one?.id ?? "", { overlapSeconds: 0 })).rejects.toMatchObject({
        code: "token.scope",
      });
    const rotated = await rotateToken(context, by, within?.id ?? "", { overlapSeconds: 0 });
    expect(rotated.addresses).toEqual(["10.1.0.0/16"]);
    const itself = await rotateToken(context, by, by.principal.token?.id ?? "", { overlapSeconds: 0 });
    expect(itself.addresses).toEqual(["10.0.0.0/8", "2001:db8::/32"]);
  });
});
