import type { HeldRole, PrincipalRef } from "@cadastre/contract/principal";
import { create } from "@cadastre/store/table";
import { beforeEach, describe, expect, test } from "vitest";
import {
  aContext,
  anActor,
  anActorOf,
  anAdmin,
  type TestContext,
  withEmptyReplica,
  withScopes,
} from "../audit/testing.ts";
import { type Actor, type Context, FIRST_ORGANIZATION, systemActor } from "../context.ts";
import { ServiceAccountItem, UserItem } from "../directory/items.ts";
import { deletePrincipal } from "../directory/principals.ts";
import { patchServiceAccount, toServiceAccountItem } from "../directory/service-accounts.ts";
import { toUserItem } from "../directory/users.ts";
import {
  addressesOf,
  readGranted,
  readOwner,
  requireAddressesGiven,
  requireGiven,
  requireUnscoped,
  secondsOf,
} from "./grant-token.ts";
import { TokenItem } from "./items.ts";
import { toTokenItem } from "./tokens.ts";

const TOKEN = "tok_01JD0000000000000000000000";
const OWNER = { type: "user", id: anActor.principal.id } as const;
const ROBOT = { type: "service-account", id: "sva_01JD0000000000000000000001" } as const;
const DAY = 86_400;

const by = (scopes: readonly string[], accounts?: readonly string[]) => withScopes(anActor, scopes, accounts).principal;
const refusal = (check: () => unknown): unknown => {
  try {
    check();
  } catch (error) {
    return error;
  }
  return undefined;
};
const refused = (code: string, message: string) => expect.objectContaining({ code, message });

describe("what can be given", () => {
  const context = aContext();
  const given = (granter: Actor["principal"], scopes: string[], accounts?: string[], of: Context = context) =>
    refusal(() =>
      requireGiven(of, granter, { scopes: scopes as ["admin"], ...(accounts ? { accounts } : {}) } as never),
    );
  const lacks = (what: string) => refused("token.scope", `your token does not have ${what}`);

  test("is the scopes that one has, admin and a source's by admin alone, and what reveals by its name alone", () => {
    expect(given(by(["audit:read"]), ["audit:read"])).toBeUndefined();
    expect(given(by(["audit:read"]), ["audit:read", "resources:read", "admin"])).toEqual(
      lacks("resources:read, admin"),
    );
    expect(given(by(["admin"]), ["admin", "audit:read", "scim:provision"])).toBeUndefined();
    expect(given(by(["admin"]), ["credentials:reveal"])).toEqual(lacks("credentials:reveal"));
    expect(given(by(["credentials:reveal"]), ["credentials:reveal"])).toBeUndefined();
    expect(given(by(["scim:provision"]), ["scim:provision"])).toEqual(lacks("scim:provision"));
    expect(given(anActor.principal, ["admin", "credentials:reveal"])).toBeUndefined();
  });

  test("is the accounts that one is limited to, by the request before the token, and any for who is not", () => {
    expect(given(by(["admin"], ["aws/1", "aws/2"]), [], ["aws/2"])).toBeUndefined();
    expect(given(by(["admin"], ["aws/1"]), ["credentials:reveal"], ["aws/1", "aws/3"])).toEqual(
      lacks("credentials:reveal, aws/3"),
    );
    expect(given(by(["admin"]), [], ["aws/9"])).toBeUndefined();
    expect(given(by(["admin"], ["aws/1"]), [])).toBeUndefined();
    const within: Context = { ...context, restriction: { accounts: ["aws/1"] } };
    expect(given(by(["admin"], ["aws/1", "aws/2"]), [], ["aws/2"], within)).toEqual(lacks("aws/2"));
    expect(given(by(["admin"]), [], ["aws/1"], within)).toBeUndefined();
  });

  test("is for some things nobody's whom a token narrows", () => {
    expect(refusal(() => requireUnscoped(by(["tokens:write"]), "such a thing"))).toEqual(
      refused("token.principal", "such a thing needs the scope admin"),
    );
    expect(refusal(() => requireUnscoped(by(["admin"]), "it"))).toBeUndefined();
    expect(refusal(() => requireUnscoped(anActor.principal, "it"))).toBeUndefined();
  });
});

describe("what a new token rests on", () => {
  const SESSION = { id: "ses_1", organization: FIRST_ORGANIZATION, user: OWNER.id, loginEpoch: 3 };
  let context: TestContext;
  const granter = by(["admin"]);
  async function aGranter(more: Partial<TokenItem> = {}): Promise<void> {
    const of = {
      now: context.now(),
      createdBy: "system",
      organization: FIRST_ORGANIZATION,
      principal: OWNER,
      epoch: 0,
    };
    const item = toTokenItem(TOKEN, "x", { name: "g", scopes: ["admin"], expiresInSeconds: 10 }, of);
    await context.table.commit([create(TokenItem, { ...item, ...more })]);
  }
  beforeEach(() => {
    context = aContext();
  });

  test("is nothing where none makes it, so that it may live for good", async () => {
    expect(await readGranted(context, anActor.principal)).toEqual({ longest: Number.POSITIVE_INFINITY, guard: [] });
  });

  test("is the one that makes it, as it was read, for as many whole seconds as that lives", async () => {
    await aGranter();
    context.advance(0.5);
    const { version } = (await context.table.get(TokenItem, { id: TOKEN })) ?? {};
    const granted = await readGranted(context, granter);
    expect(granted).toEqual({ longest: 9, parent: TOKEN, guard: [expect.anything()] });
    expect(granted.guard).toMatchObject([{ op: "check", key: { id: TOKEN }, is: version }]);
    await context.table.commit([...granted.guard]);
    expect(await readGranted(withEmptyReplica(context), granter)).toEqual(granted);
  });

  test("has its addresses, and ends with its session", async () => {
    await aGranter({ addresses: ["10.0.0.0/8"], session: SESSION });
    expect(await readGranted(context, granter)).toMatchObject({ addresses: ["10.0.0.0/8"], session: SESSION });
  });

  test("is none that is revoked, or gone", async () => {
    await expect(readGranted(context, granter)).rejects.toMatchObject({ code: "auth.revoked" });
    await aGranter({ revokedAt: context.now().toISOString() });
    await expect(readGranted(context, granter)).rejects.toMatchObject({ code: "auth.revoked" });
  });
});

describe("where and for how long a new token can be used", () => {
  const LIMITS = { addresses: ["10.0.0.0/8"] };
  const granted = (longest: number) => ({ longest, guard: [] });

  test("is where its maker can, or in a part of that", () => {
    expect(addressesOf({}, undefined)).toBeUndefined();
    expect(addressesOf({}, ["::/0"])).toEqual(["::/0"]);
    expect(addressesOf(LIMITS, undefined)).toEqual(LIMITS.addresses);
    expect(addressesOf(LIMITS, ["10.1.0.0/16"])).toEqual(["10.1.0.0/16"]);
    expect(refusal(() => addressesOf(LIMITS, ["10.1.0.0/16", "11.0.0.0/8", "12.0.0.0/8"]))).toEqual(
      refused("token.scope", "your token cannot be used from 11.0.0.0/8, 12.0.0.0/8"),
    );
  });

  test("is for one that has addresses already checked alike, and not everywhere", () => {
    expect(refusal(() => requireAddressesGiven({}, undefined))).toBeUndefined();
    expect(refusal(() => requireAddressesGiven({}, ["::/0"]))).toBeUndefined();
    expect(refusal(() => requireAddressesGiven(LIMITS, ["10.0.0.0/9"]))).toBeUndefined();
    expect(refusal(() => requireAddressesGiven(LIMITS, undefined))).toEqual(
      refused("token.scope", "your token cannot be used from everywhere, and what it makes neither"),
    );
    expect(refusal(() => requireAddressesGiven(LIMITS, ["11.0.0.0/8"]))).toEqual(
      refused("token.scope", "your token cannot be used from 11.0.0.0/8"),
    );
  });

  test("is as long as is wanted, else 90 days, and never longer than its maker", () => {
    expect(secondsOf(granted(100), 100)).toBe(100);
    expect(secondsOf(granted(100), 60)).toBe(60);
    expect(secondsOf(granted(100), undefined)).toBe(100);
    expect(secondsOf(granted(Number.POSITIVE_INFINITY), undefined)).toBe(90 * DAY);
    expect(secondsOf(granted(1000 * DAY), undefined)).toBe(90 * DAY);
    expect(secondsOf(granted(0), undefined)).toBe(0);
    const message = "your own token ends in 100 seconds, and what it makes no later";
    expect(refusal(() => secondsOf(granted(100), 101))).toMatchObject({
      code: "request.invalid",
      message: `expiresInSeconds: ${message}`,
      errors: [{ path: "expiresInSeconds", message }],
    });
  });
});

describe("whose a new token is", () => {
  const SYSTEM = { type: "system", id: "system" } as const;
  const role = (name: HeldRole["role"], resource: HeldRole["resource"] = SYSTEM): HeldRole => ({
    id: "rbd_01JD0000000000000000000001",
    role: name,
    resource,
  });
  let context: TestContext;
  beforeEach(async () => {
    context = aContext();
    const of = { now: context.now(), createdBy: "system" };
    await context.table.commit([
      create(UserItem, toUserItem(OWNER.id, { userName: "ann" }, of)),
      create(ServiceAccountItem, { ...toServiceAccountItem(ROBOT.id, "robot", of), epoch: 4 }),
    ]);
  });
  const withRobot = async (roles: HeldRole[]) => {
    const { version = 0, ...item } = (await context.table.get(ServiceAccountItem, ROBOT)) ?? {};
    const changed = { ...(item as ServiceAccountItem), roles };
    await context.table.commit([{ op: "replace", entity: ServiceAccountItem, item: changed, version }]);
  };
  const owner = (actor: Actor, wanted?: PrincipalRef, of: Context = context) => readOwner(of, actor, wanted);

  test("is its maker where nobody is named, or it itself, as it stands: also one whom a token narrows", async () => {
    const own = await owner(anActor);
    expect(own).toMatchObject({
      principal: OWNER,
      epoch: 0,
      guard: { op: "check", entity: UserItem, key: { id: OWNER.id } },
    });
    expect(await owner(withScopes(anActor, ["audit:read"]), OWNER)).toEqual(own);
    expect(await owner(anActor, OWNER, withEmptyReplica(context))).toEqual(own);
    await context.table.commit([own.guard]);
    const robot = await owner(anActorOf("service-account", ROBOT.id));
    expect(robot).toMatchObject({ principal: ROBOT, epoch: 4, guard: { entity: ServiceAccountItem } });
  });

  test("is its own where it may do more than its token says: what that can give is asked elsewhere", async () => {
    const roles = [role("SystemAdmin")];
    await withRobot(roles);
    const { principal } = anActorOf("service-account", ROBOT.id);
    const narrowed = withScopes({ ...anActor, principal: { ...principal, roles } }, ["audit:read"]);
    expect(await owner(narrowed, ROBOT)).toMatchObject({ principal: ROBOT });
  });

  test("has to be said by the service, and by a collector, which have none", async () => {
    const unsaid = { code: "token.principal", message: "say whose token it is" };
    await expect(owner(systemActor("req_1"))).rejects.toMatchObject(unsaid);
    await expect(owner(anActorOf("collector", "col_1"))).rejects.toMatchObject(unsaid);
    expect(await owner(systemActor("req_1"), OWNER)).toMatchObject({ principal: OWNER });
    await withRobot([role("SystemAdmin")]);
    expect(await owner(systemActor("req_1"), ROBOT)).toMatchObject({ principal: ROBOT });
  });

  test("is nobody else's but a service account's, of whoever is not narrowed", async () => {
    const other = { type: "user", id: "usr_01JD0000000000000000000009" } as const;
    await expect(owner(anAdmin, other)).rejects.toMatchObject({
      code: "token.principal",
      message: "a token of another can only be a service account's",
    });
    await expect(owner(withScopes(anAdmin, ["tokens:write"]), ROBOT)).rejects.toMatchObject({
      code: "token.principal",
      message: "a token of a service account needs the scope admin",
    });
    expect(await owner(anAdmin, ROBOT)).toMatchObject({ principal: ROBOT });
    const collector = anActorOf("collector", "col_1");
    await expect(owner(collector, ROBOT)).rejects.toMatchObject({ code: "token.principal" });
  });

  test("is nobody's who may do more, or administers the system, in whatever way", async () => {
    const organization = { type: "organization", id: FIRST_ORGANIZATION } as const;
    const boss: Actor = { ...anActor, principal: { ...anActor.principal, roles: [role("admin", organization)] } };
    expect(await owner(boss, ROBOT)).toMatchObject({ principal: ROBOT });
    await withRobot([role("SystemAdmin")]);
    await expect(owner(boss, ROBOT)).rejects.toMatchObject({
      code: "access.exceeds",
      message: "it administers the system: only who does changes it",
    });
    await withRobot([role("vault-user", organization)]);
    await expect(owner(boss, ROBOT)).rejects.toMatchObject({
      code: "access.exceeds",
      message: expect.stringContaining("may do more than you"),
    });
    expect(await owner(systemActor("req_1"), ROBOT)).toMatchObject({ principal: ROBOT });
  });

  test("is nobody's who is not there, or is disabled", async () => {
    await patchServiceAccount(context, anAdmin, ROBOT.id, { disabled: true }, {});
    await expect(owner(anAdmin, ROBOT)).rejects.toMatchObject({
      code: "token.principal",
      message: `${ROBOT.id} is disabled`,
    });
    await deletePrincipal(context, anAdmin, ROBOT, {});
    await expect(owner(anAdmin, ROBOT)).rejects.toMatchObject({ code: "service-account.not_found" });
    await expect(owner(systemActor("req_1"), { ...OWNER, id: "usr_01JD0000000000000000000009" })).rejects.toMatchObject(
      {
        code: "user.not_found",
      },
    );
  });
});
