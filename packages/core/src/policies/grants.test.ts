import type { HeldRole, PrincipalRef, Role } from "@cadastre/contract/principal";
import { create, put } from "@cadastre/store/table";
import { beforeEach, describe, expect, test } from "vitest";
import { AccountItem } from "../accounts/items.ts";
import { aContext, anActorOf, type TestContext, withScopes } from "../audit/testing.ts";
import { type Actor, type Context, FIRST_ORGANIZATION, inOrganization, systemActor } from "../context.ts";
import { OrganizationItem } from "../directory/items.ts";
import { CredentialItem } from "../vault/items.ts";
import { type Gift, giftOf, requireMayGive, requireMayGiveRoles, requireNoMore } from "./grants.ts";
import { PolicyItem } from "./items.ts";
import type { Constraint, Scope } from "./scope.ts";
import { anAccount, anOrganization, theSystem } from "./things.ts";

const AT = "2026-01-01T00:00:00.000Z";
const idOf = (type: string, n: number) => `${type}_01JD000000000000000000000${n}`;
const OTHER_ORGANIZATION = idOf("org", 1);
const ORGANIZATION = { type: "organization", id: FIRST_ORGANIZATION } as const;
const SYSTEM = { type: "system", id: "system" } as const;
const account = (id: string) => ({ type: "account", id }) as const;
const [READ, WRITE, REVEAL] = ["resources:read", "credentials:write", "credentials:reveal"] as const;

let context: TestContext;
/** Stores statements about what is said, and otherwise about everybody and everything; none has a condition. */
async function withRules(
  ...some: readonly (Partial<Scope> & { effect: "permit" | "forbid"; looksAtThing?: boolean })[]
) {
  const by = { createdAt: AT, createdBy: "user:u", updatedAt: AT, updatedBy: "user:u" };
  const statements = some.map(({ effect, looksAtThing, ...scope }) => ({
    text: JSON.stringify([effect, scope]),
    effect,
    scope: { principal: {}, resource: {}, ...scope },
    looksAtResource: false,
    ...(looksAtThing === undefined ? {} : { looksAtThing }),
  }));
  const policy = {
    id: idOf("pol", 1),
    name: "p",
    text: "t",
    description: "",
    priority: 0,
    revision: 1,
    statements,
    ...by,
  };
  for (const organization of [FIRST_ORGANIZATION, OTHER_ORGANIZATION]) {
    const of = inOrganization(context, organization);
    const item = {
      id: organization,
      name: "o",
      slug: `o${organization.slice(-3)}`,
      owner: "",
      createdAt: AT,
      createdBy: "s",
      updatedAt: AT,
    };
    await of.table.commit([put(OrganizationItem, { ...item, policyVersion: 1 }), put(PolicyItem, policy)]);
  }
}
const uid = (type: string, id: string) => ({ type: `Cadastre::${type}`, id });
const of = (id: string): Constraint => ({ same: uid("User", id) });
const credential = (n: number): Constraint => ({ same: uid("Credential", idOf("crd", n)) });

beforeEach(async () => {
  context = aContext();
  const said = { name: "", platform: "", tier: "", owner: "", regions: [], notes: "", environment: "" };
  const made = { createdAt: AT, createdBy: "user:u", updatedAt: AT };
  const stored = { name: "c", type: "generic" as const, description: "", createdAt: AT, createdBy: "user:u" };
  await context.table.commit([
    ...["1", "2"].map((number) => create(AccountItem, { ...said, ...made, provider: "aws", account: number })),
    create(CredentialItem, { ...stored, id: idOf("crd", 1), provider: "aws", account: "1" }),
  ]);
});

let held = 0;
const aRole = (role: Role, resource: HeldRole["resource"] = ORGANIZATION, expiresAt?: string): HeldRole => {
  held += 1;
  return { id: idOf("rbd", held % 10), role, resource, ...(expiresAt === undefined ? {} : { expiresAt }) };
};
const withRoles = (...roles: HeldRole[]): Actor => {
  const actor = anActorOf("user", "usr_1");
  return { ...actor, principal: { ...actor.principal, roles } };
};
const refusal = async (asked: Promise<void>): Promise<string> => {
  try {
    await asked;
    return "";
  } catch (error) {
    expect((error as { code: string }).code).toBe("access.exceeds");
    return (error as Error).message;
  }
};

describe("what somebody gives", () => {
  const place = anOrganization(FIRST_ORGANIZATION);
  const inOne = anAccount(FIRST_ORGANIZATION, { provider: "aws", account: "1" });
  const given = (actor: Actor, gift: Partial<Gift>, where: Context = context) =>
    refusal(requireMayGive(where, actor, [{ actions: [READ], place, ...gift }]));
  const lacks = (what: string) => `only what one has can be given: you do not hold ${what}`;
  const HERE = `Organization ${FIRST_ORGANIZATION}`;

  test("is what it has by a role, there or in what that is in", async () => {
    expect(await given(withRoles(aRole("viewer")), {})).toBe("");
    expect(await given(withRoles(aRole("viewer")), { place: inOne })).toBe("");
    expect(await given(withRoles(aRole("viewer", account("aws/1"))), { place: inOne })).toBe("");
    expect(await given(withRoles(aRole("viewer", account("aws/2"))), { place: inOne })).toBe(
      lacks(`${READ} in Account aws/1`),
    );
    expect(await given(withRoles(aRole("viewer", account("aws/1"))), {})).toBe(lacks(`${READ} in ${HERE}`));
    expect(await given(withRoles(aRole("viewer")), { place: theSystem() })).toBe(lacks(`${READ} in System system`));
    expect(await given(withRoles(aRole("viewer")), { place: anOrganization(OTHER_ORGANIZATION) })).toBe(
      lacks(`${READ} in Organization ${OTHER_ORGANIZATION}`),
    );
    expect(await given(withRoles(), {})).toBe(lacks(`${READ} in ${HERE}`));
    expect(await given(withRoles(aRole("vault-user")), {})).toBe(lacks(`${READ} in ${HERE}`));
  });

  test("says five things that it has not, each once, and how many more there are", async () => {
    const actions = [
      "jobs:read",
      "jobs:write",
      "audit:read",
      "feed:read",
      "feed:write",
      "tokens:read",
      "tokens:write",
    ] as const;
    const named = actions.slice(0, 5).map((action) => `${action} in ${HERE}`);
    expect(await given(withRoles(), { actions })).toBe(lacks(`${named.join(", ")} and 2 more`));
    expect(await given(withRoles(), { actions: actions.slice(0, 5) })).toBe(lacks(named.join(", ")));
    const twice = [1, 2].map(() => ({ actions: [READ], place }));
    expect(await refusal(requireMayGive(context, withRoles(), twice))).toBe(lacks(`${READ} in ${HERE}`));
  });

  test("lasts no longer than it has it itself, by the role that lasts longest", async () => {
    const [soon, later] = ["2026-12-01T00:00:00.000Z", "2026-12-02T00:00:00.000Z"];
    const actor = withRoles(aRole("viewer", ORGANIZATION, soon), aRole("editor", ORGANIZATION, later));
    expect(await given(actor, { until: soon })).toBe("");
    expect(await given(actor, { until: later })).toBe("");
    expect(await given(actor, { until: "2026-12-02T00:00:00.001Z" })).toBe(lacks(`${READ} in ${HERE} after ${later}`));
    expect(await given(actor, {})).toBe(lacks(`${READ} in ${HERE} after ${later}`));
    const forGood = withRoles(aRole("viewer"), aRole("editor", ORGANIZATION, later));
    expect(await given(forGood, {})).toBe("");
    // Longest in another place is of no use here.
    const elsewhere = withRoles(aRole("viewer", ORGANIZATION, soon), aRole("viewer", account("aws/2")));
    expect(await given(elsewhere, { place: inOne })).toBe(lacks(`${READ} in Account aws/1 after ${soon}`));
  });

  test("is nothing of what only policies allow, or forbid", async () => {
    await withRules({ effect: "permit", actions: [REVEAL] }, { effect: "forbid", actions: [READ] });
    expect(await given(withRoles(aRole("admin")), { actions: [REVEAL] })).toBe(lacks(`${REVEAL} in ${HERE}`));
    expect(await given(withRoles(aRole("admin")), { actions: [READ] })).toBe(lacks(`${READ} in ${HERE}`));
    expect(await given(withRoles(aRole("admin")), { actions: [WRITE] })).toBe("");
  });

  test("is nothing beyond what its token says, or is limited to", async () => {
    const boss = withRoles(aRole("admin"), aRole("vault-user"));
    expect(await given(withScopes(boss, ["bindings:write"]), {})).toBe(lacks(`${READ} in ${HERE}`));
    expect(await given(withScopes(boss, [READ]), {})).toBe("");
    expect(await given(withScopes(boss, ["admin"]), { actions: [REVEAL] })).toBe(lacks(`${REVEAL} in ${HERE}`));
    const limited = withScopes(boss, ["admin"], ["aws/1", "aws/3"]);
    expect(await given(limited, { place: inOne })).toBe("");
    const limit = "your token is limited to aws/1, aws/3";
    expect(await given(limited, {})).toBe(lacks(`anything in ${HERE}: ${limit}`));
    const inTwo = anAccount(FIRST_ORGANIZATION, { provider: "aws", account: "2" });
    expect(await given(limited, { place: inTwo })).toBe(lacks(`anything in Account aws/2: ${limit}`));
    // Another thing of the name of an account is none.
    expect(await given(limited, { place: anOrganization("aws/1") })).toBe(
      lacks(`anything in Organization aws/1: ${limit}`),
    );
  });

  test("leaves out what is not done to such a place", async () => {
    expect(await given(withRoles(), { actions: ["jobs:read"], place: inOne })).toBe("");
    expect(await given(withRoles(), { actions: ["jobs:read", READ], place: inOne })).toBe(
      lacks(`${READ} in Account aws/1`),
    );
  });

  test("may be anything where the service does it, and nothing where a collector would", async () => {
    expect(await given(systemActor("req_1"), { actions: [REVEAL], place: theSystem() })).toBe("");
    expect(await given(anActorOf("collector", "col_1"), {})).toBe(lacks("any role"));
  });

  test("in the system is by no policy of another organization", async () => {
    await withRules({ effect: "forbid" });
    const root = withRoles(aRole("SystemAdmin", SYSTEM));
    const there = inOrganization(context, OTHER_ORGANIZATION);
    expect(await given(root, { actions: ["audit:read"], place: theSystem() }, there)).toBe("");
    const whole = anOrganization(OTHER_ORGANIZATION);
    expect(await given(root, { actions: ["audit:read"], place: whole }, there)).toBe(
      lacks(`audit:read in Organization ${OTHER_ORGANIZATION}`),
    );
    expect(await given(root, { actions: ["audit:read"], place: theSystem() })).toBe(
      lacks("audit:read in System system"),
    );
  });

  test("is of roles all that they give, as long as they last", async () => {
    expect(giftOf(context, { role: "vault-user", resource: account("aws/1"), expiresAt: AT })).toMatchObject({
      actions: ["credentials:read", REVEAL],
      place: {
        uid: uid("Account", "aws/1"),
        within: [uid("Organization", FIRST_ORGANIZATION), uid("System", "system")],
      },
      until: AT,
    });
    const roles = (...some: HeldRole[]) => refusal(requireMayGiveRoles(context, withRoles(aRole("viewer")), some));
    expect(await roles(aRole("viewer"), aRole("viewer", account("aws/1")))).toBe("");
    expect(await roles(aRole("vault-user"))).toBe(lacks(`${REVEAL} in ${HERE}`));
    expect(await roles(aRole("vault-user", ORGANIZATION, "2026-11-22T05:00:00.000Z"))).toBe("");
    expect(await roles(aRole("vault-user", ORGANIZATION, "2026-11-22T05:00:00.001Z"))).toBe(
      lacks(`${REVEAL} in ${HERE}`),
    );
  });
});

describe("who gets in as another", () => {
  const other = (...roles: HeldRole[]) => ({ type: "service-account", id: "sva_2", groups: [], roles }) as const;
  const asked = (
    actor: Actor,
    one: PrincipalRef & { roles: readonly HeldRole[]; groups: readonly string[]; recovery?: boolean },
  ) => refusal(requireNoMore(context, actor, one as Parameters<typeof requireNoMore>[2]));
  const more = (what: string) => `sva_2 may do more than you: you do not hold ${what}`;

  test("may do all that that one may, in all accounts, in some, or in the system", async () => {
    const boss = withRoles(aRole("admin"));
    expect(await asked(boss, other())).toBe("");
    expect(await asked(boss, other(aRole("admin"), aRole("viewer", account("aws/1"))))).toBe("");
    expect(await asked(boss, other(aRole("vault-user")))).toBe(more(REVEAL));
    expect(await asked(boss, other(aRole("vault-user", account("aws/1"))))).toBe(more(REVEAL));
    const ofOne = withRoles(aRole("vault-user", account("aws/1")));
    expect(await asked(ofOne, other(aRole("vault-user", account("aws/1"))))).toBe("");
    expect(await asked(ofOne, other(aRole("vault-user", account("aws/2"))))).toBe(more(`credentials:read, ${REVEAL}`));
    expect(await asked(ofOne, other(aRole("vault-user")))).toBe(more(`credentials:read, ${REVEAL}`));
    const ofBoth = withRoles(aRole("vault-user", account("aws/1")), aRole("vault-user", account("aws/2")));
    expect(await asked(ofBoth, other(aRole("vault-user", account("aws/2"))))).toBe("");
    expect(await asked(boss, other(aRole("auditor", SYSTEM)))).toMatch(
      /^sva_2 may do more than you: you do not hold .*:read/,
    );
    expect(await asked(withRoles(aRole("auditor", SYSTEM)), other(aRole("auditor", SYSTEM)))).toBe("");
  });

  test("is not one whom a token narrows to less than that one may", async () => {
    const boss = withRoles(aRole("admin"), aRole("vault-user"));
    expect(await asked(withScopes(boss, ["admin"]), other(aRole("vault-user")))).toBe(more(REVEAL));
    expect(await asked(withScopes(boss, ["admin"]), other(aRole("vault-user", account("aws/1"))))).toBe(more(REVEAL));
    expect(await asked(withScopes(boss, ["credentials:read", REVEAL]), other(aRole("vault-user")))).toBe("");
    expect(await asked(withScopes(boss, ["admin"]), other())).toBe("");
  });

  test("is the service, and no collector", async () => {
    expect(
      await refusal(requireNoMore(context, systemActor("req_1"), other(aRole("SystemAdmin", SYSTEM)) as never)),
    ).toBe("");
    expect(await asked(anActorOf("collector", "col_1"), other())).toBe("another's rights: you do not hold any role");
  });

  test("gets nothing that is only forbidden to that one for now, or is forbidden to itself", async () => {
    const boss = withRoles(aRole("admin"));
    await withRules({ effect: "forbid", actions: [REVEAL], principal: { same: uid("ServiceAccount", "sva_2") } });
    expect(await asked(boss, other(aRole("vault-user")))).toBe(more(REVEAL));
    const robots = { actions: [REVEAL], principal: { same: uid("ServiceAccount", "sva_2") } };
    await withRules({ effect: "forbid", ...robots }, { effect: "permit", ...robots });
    expect(await asked(boss, other())).toBe(more(REVEAL));
    await withRules({ effect: "forbid", actions: [READ], principal: of("usr_1") });
    expect(await asked(boss, other(aRole("viewer")))).toBe(more(READ));
    expect(await asked(boss, other(aRole("vault-user")))).toBe(more(REVEAL));
    // What is forbidden to both is more of nothing.
    await withRules({ effect: "forbid", actions: [READ] });
    expect(await asked(boss, other(aRole("viewer")))).toBe("");
    // No policy keeps anything from one that was made to recover.
    expect(await asked(boss, { ...other(aRole("viewer")), recovery: true })).toBe(more(READ));
  });

  test("may do what policies let that one do, to each single thing that they name", async () => {
    const boss = withRoles(aRole("admin"));
    const robot = { same: uid("ServiceAccount", "sva_2") };
    const here = { same: uid("Organization", FIRST_ORGANIZATION) };
    await withRules({ effect: "permit", actions: ["audit:erase"], principal: robot, resource: here });
    expect(await asked(withRoles(aRole("viewer")), other())).toBe(more("audit:erase"));
    expect(await asked(boss, other())).toBe("");
    await withRules({ effect: "permit", actions: [REVEAL], principal: robot, resource: credential(1) });
    expect(await asked(boss, other())).toBe(more(REVEAL));
    await withRules({ effect: "permit", actions: [REVEAL], resource: credential(1) });
    expect(await asked(boss, other())).toBe("");
    await withRules({ effect: "permit", actions: [REVEAL], principal: robot, resource: credential(2) });
    expect(await asked(boss, other())).toBe("");
    await withRules(
      { effect: "permit", actions: [REVEAL], principal: robot, resource: credential(2) },
      { effect: "permit", actions: [REVEAL], principal: robot, resource: credential(1) },
    );
    expect(await asked(boss, other())).toBe(more(REVEAL));
    expect(await asked(withRoles(aRole("vault-user")), other())).toBe("");
  });

  test("may do all that concerns the whole that that one may, also where a policy tells accounts apart", async () => {
    await withRules({ effect: "permit", resource: { is: "Cadastre::Account" } });
    const auditor = other(aRole("auditor"));
    expect(await asked(withRoles(aRole("viewer")), auditor)).toMatch(/audit:read/);
    expect(await asked(withRoles(aRole("auditor")), auditor)).toBe("");
  });

  test("may do what policies let that one do to things by what they are like, which cannot be counted up", async () => {
    const boss = withRoles(aRole("admin"));
    const like = { effect: "permit", actions: [REVEAL], looksAtThing: true } as const;
    const nowhere: Constraint = { is: "Cadastre::Resource" };
    await withRules({ ...like, principal: { same: uid("ServiceAccount", "sva_2") }, resource: nowhere });
    expect(await asked(boss, other())).toBe(more(REVEAL));
    await withRules({ ...like, resource: nowhere });
    expect(await asked(boss, other())).toBe("");
    const robot = { same: uid("ServiceAccount", "sva_2") };
    await withRules({ ...like, effect: "forbid", principal: robot, resource: nowhere });
    expect(await asked(boss, other())).toBe("");
    await withRules({ ...like, principal: of("usr_9"), resource: nowhere });
    expect(await asked(boss, other())).toBe("");
    await withRules({
      ...like,
      looksAtThing: false,
      principal: { same: uid("ServiceAccount", "sva_2") },
      resource: nowhere,
    });
    expect(await asked(boss, other())).toBe("");
  });
});
