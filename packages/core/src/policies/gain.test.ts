import type { HeldRole, Role } from "@cadastre/contract/principal";
import { create } from "@cadastre/store/table";
import { beforeAll, describe, expect, test } from "vitest";
import { AccountItem } from "../accounts/items.ts";
import { aContext, anActorOf, withScopes } from "../audit/testing.ts";
import { type Actor, type Context, FIRST_ORGANIZATION, systemActor } from "../context.ts";
import { CredentialItem } from "../vault/items.ts";
import type { Rule } from "./engine.ts";
import { requireNoGain } from "./gain.ts";
import type { Constraint, Scope } from "./scope.ts";
import { rulesOf } from "./testing.ts";

const AT = "2026-01-01T00:00:00.000Z";
const crd = (n: number) => `crd_01JD000000000000000000000${n}`;
const [READ, WRITE, REVEAL] = ["resources:read", "credentials:write", "credentials:reveal"] as const;
const CEDAR_WRITE = `action == Cadastre::Action::"${WRITE}"`;

let context: Context;
beforeAll(async () => {
  context = aContext();
  const said = { name: "", platform: "", tier: "", owner: "", regions: [], notes: "", environment: "" };
  const made = { createdAt: AT, createdBy: "user:u", updatedAt: AT };
  const credential = { name: "c", type: "generic" as const, description: "", createdAt: AT, createdBy: "user:u" };
  await context.table.commit([
    create(AccountItem, { ...said, ...made, provider: "aws", account: "1" }),
    create(AccountItem, { ...said, ...made, provider: "aws", account: "2" }),
    create(CredentialItem, { ...credential, id: crd(1), provider: "aws", account: "1" }),
  ]);
});

const held = (role: Role, resource: HeldRole["resource"]): HeldRole => ({
  id: "rbd_01JD0000000000000000000001",
  role,
  resource,
});
const ORGANIZATION = { type: "organization", id: FIRST_ORGANIZATION } as const;
const anAdminOf = (...roles: HeldRole[]): Actor => {
  const actor = anActorOf("user", "usr_1");
  return { ...actor, principal: { ...actor.principal, roles } };
};
const boss = anAdminOf(held("admin", ORGANIZATION));
const ofVault = anAdminOf(held("admin", ORGANIZATION), {
  ...held("vault-user", ORGANIZATION),
  id: "rbd_01JD0000000000000000000002",
});
const ofOne = anAdminOf(held("editor", { type: "account", id: "aws/1" }));

const uid = (type: string, id: string) => ({ type: `Cadastre::${type}`, id });
const USER = (id: string): Constraint => ({ same: uid("User", id) });
const THING = (id: string): Constraint => ({ same: uid("Credential", id) });
const IN = (account: string): Constraint => ({ within: uid("Account", account) });

/** A statement without conditions, which is decided by its head: of everybody, everything and everywhere where that is not said. */
function rule(effect: Rule["effect"], actions?: readonly string[], head: Partial<Scope> = {}): Rule {
  const scope = { principal: {}, resource: {}, ...(actions === undefined ? {} : { actions }), ...head };
  const text = JSON.stringify([effect, scope]);
  return { id: text, text, effect, scope, looksAtResource: false, looksAtThing: false };
}
const forbid = (action?: string, head?: Partial<Scope>) =>
  rule("forbid", action === undefined ? undefined : [action], head);
const permit = (action?: string, head?: Partial<Scope>) =>
  rule("permit", action === undefined ? undefined : [action], head);

/** What an actor would gain by a change; nothing where it may make it. */
async function gained(actor: Actor, before: readonly Rule[], after: readonly Rule[]): Promise<string> {
  try {
    await requireNoGain(context, actor, before, after);
    return "";
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    expect(code).toBe("access.exceeds");
    expect(message).toMatch(/^you would gain [a-z].*; ask who administers the system$/);
    return message.slice("you would gain ".length, message.indexOf(";"));
  }
}

describe("who changes policies", () => {
  test("takes nothing away that keeps something from itself", async () => {
    const stands = forbid(READ);
    expect(await gained(boss, [stands], [])).toBe("resources:read");
    expect(await gained(boss, [stands], [forbid(READ, { principal: { within: uid("Group", "g") } })])).toBe(
      "resources:read",
    );
    const more = rule("forbid", ["jobs:read", "audit:read"]);
    expect(await gained(boss, [stands, more], [stands])).toBe("jobs:read, audit:read");
    expect(await gained(boss, [stands, more], [])).toBe("resources:read, jobs:read, audit:read");
  });

  test("may forbid more, and take away what is no matter to it", async () => {
    const stands = forbid(READ);
    expect(await gained(boss, [], [stands])).toBe("");
    expect(await gained(boss, [stands], [stands])).toBe("");
    // The same said by another policy.
    expect(await gained(boss, [stands], [{ ...stands, id: "another" }])).toBe("");
    expect(await gained(boss, [forbid(READ, { principal: USER("usr_2") })], [])).toBe("");
    expect(await gained(boss, [forbid(READ, { principal: USER("usr_1") })], [])).toBe("resources:read");
    // By nothing else may it reveal.
    expect(await gained(boss, [forbid(REVEAL)], [])).toBe("");
    // Another one still forbids it.
    expect(await gained(boss, [stands, forbid()], [forbid()])).toBe("");
  });

  test("permits itself nothing that it may not do, in all or in some accounts", async () => {
    expect(await gained(boss, [], [permit(REVEAL)])).toBe(REVEAL);
    expect(await gained(boss, [], [permit(READ)])).toBe("");
    expect(await gained(boss, [], [permit(REVEAL, { resource: IN("aws/1") })])).toBe(REVEAL);
    expect(await gained(ofOne, [], [permit(READ, { resource: IN("aws/1") })])).toBe("");
    expect(await gained(ofOne, [], [permit(READ, { resource: IN("aws/2") })])).toBe(READ);
    expect(await gained(ofOne, [], [permit(READ)])).toBe(READ);
  });

  test("frees no account of what kept it from there", async () => {
    const [inOne, inTwo] = ["aws/1", "aws/2"].map((one) => forbid(READ, { resource: IN(one) })) as [Rule, Rule];
    expect(await gained(boss, [inOne], [])).toBe(READ);
    expect(await gained(ofOne, [inOne], [])).toBe(READ);
    expect(await gained(ofOne, [inTwo], [])).toBe("");
    expect(await gained(boss, [inOne, inTwo], [inOne])).toBe(READ);
    // Narrower than before, it leaves the rest.
    expect(await gained(boss, [forbid(READ)], [inOne])).toBe(READ);
    expect(await gained(boss, [inOne], [forbid(READ)])).toBe("");
  });

  test("takes nothing away that keeps from it what concerns the whole, also beside a policy that tells accounts apart", async () => {
    const stands = forbid("audit:read");
    const apart = forbid("audit:read", { resource: { same: uid("Organization", "org_01JD0000000000000000000009") } });
    expect(await gained(boss, [stands, apart], [apart])).toBe("audit:read");
    const ofAccounts = forbid(undefined, { resource: { is: "Cadastre::Account" } });
    expect(await gained(boss, [stands, ofAccounts], [ofAccounts])).toBe("audit:read");
  });

  test("may do so where it administers the system, or was made to recover, and where the service does it", async () => {
    const stands = [forbid()];
    const root = anAdminOf(held("SystemAdmin", { type: "system", id: "system" }));
    expect(await gained(root, stands, [])).toBe("");
    expect(await gained(systemActor("req_1"), stands, [])).toBe("");
    expect(await gained(anActorOf("collector", "col_1"), stands, [])).toBe("");
    const recovered = { ...boss, principal: { ...boss.principal, isRecovery: true } };
    expect(await gained(recovered, stands, [])).toBe("");
    expect(await gained(boss, stands, [])).not.toBe("");
    // Who administers the system does so by a role, and by no policy.
    const byPolicy = permit(undefined, { resource: { same: uid("System", "system") } });
    expect(await gained(boss, [byPolicy, ...stands], [byPolicy])).not.toBe("");
    // It is asked of who it is, whatever a token leaves of it.
    expect(await gained(withScopes(boss, ["policies:write"]), stands, [])).not.toBe("");
  });
});

describe("who changes policies of single things", () => {
  const of = (action: string, n = 1, head: Partial<Scope> = {}) => forbid(action, { resource: THING(crd(n)), ...head });

  test("frees none of them that is there", async () => {
    expect(await gained(boss, [of(WRITE)], [])).toBe(WRITE);
    const both = rule("forbid", [WRITE, REVEAL], { resource: THING(crd(1)) });
    expect(await gained(boss, [both], [])).toBe(WRITE);
    expect(await gained(ofVault, [both], [])).toBe(`${WRITE}, ${REVEAL}`);
    expect(await gained(boss, [of(WRITE, 1, { principal: USER("usr_2") })], [])).toBe("");
    expect(await gained(boss, [of(WRITE, 2)], [])).toBe("");
    const still = forbid(WRITE, { resource: IN("aws/1") });
    expect(await gained(boss, [of(WRITE), still], [still])).toBe("");
    // One that is not there, before one that is.
    expect(await gained(boss, [of(WRITE, 2), of(WRITE)], [])).toBe(WRITE);
  });

  test("permits itself none", async () => {
    const one = permit(REVEAL, { resource: THING(crd(1)) });
    expect(await gained(boss, [], [one])).toBe(REVEAL);
    expect(await gained(ofVault, [], [one])).toBe("");
  });

  test("takes nothing away that kept things back by what they are like: those may be made yet", async () => {
    const [named] = rulesOf(
      "pol_1",
      `forbid (principal, ${CEDAR_WRITE}, resource) when { resource has name && resource.name == "x" };`,
    ) as [Rule];
    expect(await gained(boss, [named], [])).toBe(WRITE);
    expect(await gained(boss, [named], [named])).toBe("");
    expect(await gained(boss, [{ ...named, scope: { ...named.scope, principal: USER("usr_2") } }], [])).toBe("");
    expect(await gained(boss, [{ ...named, effect: "permit", text: named.text.replace("forbid", "permit") }], [])).toBe(
      "",
    );
    // Where it only looks at the account, those are counted up; stored before that was asked, it may look at anything.
    const [environment] = rulesOf(
      "pol_2",
      `forbid (principal, ${CEDAR_WRITE}, resource) when { resource has environment && resource.environment == "none" };`,
    ) as [Rule];
    expect(await gained(boss, [environment], [])).toBe("");
    expect(await gained(boss, [{ ...environment, looksAtThing: undefined }], [])).toBe(WRITE);
  });
});
