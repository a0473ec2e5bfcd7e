import type { HeldRole, Role } from "@cadastre/contract/principal";
import { create, put } from "@cadastre/store/table";
import { beforeEach, describe, expect, test } from "vitest";
import { aContext, type TestContext, withEmptyReplica } from "../audit/testing.ts";
import { type Context, FIRST_ORGANIZATION, inOrganization } from "../context.ts";
import { GroupItem, OrganizationItem } from "../directory/items.ts";
import { PolicyItem } from "./items.ts";
import { createPolicyMemory } from "./memory.ts";
import {
  type Holder,
  placedHolder,
  readPolicies,
  rightsOf,
  rightsToSystem,
  rulesAt,
  toLinks,
  toRules,
} from "./rights.ts";

const OTHER = "org_01JD0000000000000000000001";
const GROUP = "grp_01JD0000000000000000000000";
const policyId = (n: number) => `pol_01JD000000000000000000000${n}`;
const [OWN_ROLE = "", HOME_ROLE = "", OTHER_ROLE = "", SHORT_ROLE = ""] = [0, 1, 2, 3].map(
  (n) => `rbd_01JD000000000000000000000${n}`,
);
const AT = "2026-01-01T00:00:00.000Z";
const SYSTEM = { type: "system", id: "system" } as const;
const held = (id: string, role: Role, more: Partial<HeldRole> = {}): HeldRole => ({
  id,
  role,
  resource: SYSTEM,
  ...more,
});

/** A policy whose statements are about everybody and everything. */
const aPolicy = (n: number, text: string): PolicyItem => {
  const by = { createdAt: AT, createdBy: "user:u", updatedAt: AT, updatedBy: "user:u" };
  const statements = text.split(/(?<=;) /).map((one) => {
    const effect = one.startsWith("forbid") ? ("forbid" as const) : ("permit" as const);
    return { text: one, effect, scope: { principal: {}, resource: {} }, looksAtResource: false };
  });
  return { id: policyId(n), name: `p${n}`, text, description: "", priority: 0, revision: 1, statements, ...by };
};
const FORBID = "forbid (principal, action, resource);";
const PERMIT = "permit (principal, action, resource);";

const holderIn = (organization: string, more: Partial<Holder> = {}): Holder => ({
  type: "user",
  id: "usr_1",
  organization,
  groups: [],
  roles: [held(OWN_ROLE, "viewer")],
  ...more,
});
/** A policy, a group with a role, and the version of an organization, as they are stored. */
async function fill(of: Context, text: string, group: HeldRole, policyVersion: number): Promise<void> {
  const { organization: id } = of;
  const item = {
    id,
    name: "o",
    slug: `o${id.slice(-4)}`,
    owner: "",
    createdAt: AT,
    createdBy: "system",
    updatedAt: AT,
    policyVersion,
  };
  await of.table.commit([
    put(OrganizationItem, item as OrganizationItem),
    put(PolicyItem, aPolicy(1, text)),
    put(GroupItem, { id: GROUP, name: "g", roles: [group], createdAt: AT, createdBy: "system", updatedAt: AT }),
  ]);
}
const short = ({ links, rules }: { links: readonly { id: string }[]; rules: readonly { text: string }[] }) => ({
  links: links.map(({ id }) => id),
  rules: rules.map(({ text }) => text.split(" ")[0]),
});

let context: TestContext;
let other: Context;
beforeEach(async () => {
  context = aContext();
  other = inOrganization(context, OTHER);
  await fill(context, FORBID, held(HOME_ROLE, "editor"), 3);
  await fill(other, PERMIT, held(OTHER_ROLE, "auditor"), 5);
});

describe("the statements of policies", () => {
  test("have the ids of their policies, with numbers from the second on", () => {
    const [one, two] = [aPolicy(1, `${FORBID} ${PERMIT} ${FORBID}`), aPolicy(2, PERMIT)];
    expect(toRules([one, two]).map(({ id, effect }) => [id, effect])).toEqual([
      [policyId(1), "forbid"],
      [`${policyId(1)}#2`, "permit"],
      [`${policyId(1)}#3`, "forbid"],
      [policyId(2), "permit"],
    ]);
  });

  test("are all of the organization's, on however many pages, strongly read", async () => {
    await context.table.commit([2, 3, 4].map((n) => create(PolicyItem, aPolicy(n, PERMIT))));
    const { table } = withEmptyReplica(context);
    const paged = {
      ...table,
      query: ((entity, query) => table.query(entity, { ...query, limit: 2 })) as typeof table.query,
    };
    expect((await readPolicies({ table: paged })).map(({ id }) => id)).toEqual([
      policyId(1),
      policyId(2),
      policyId(3),
      policyId(4),
    ]);
    expect((await readPolicies(other)).map(({ text }) => text)).toEqual([PERMIT]);
  });

  test("are read once for a version, by a process that remembers them, and not at all where none ever was", async () => {
    const remembering = { ...context, policies: createPolicyMemory() };
    const calls = async (version: number, of: Context = remembering) =>
      (await context.table.meter.measure(() => rulesAt(of, version))).calls;
    expect(await calls(0)).toBe(0);
    expect([await calls(3), await calls(3), await calls(4), await calls(4)]).toEqual([1, 0, 1, 0]);
    expect([await calls(3, context), await calls(3, context)]).toEqual([1, 1]);
    const [one] = await rulesAt(remembering, 4);
    expect(one).toMatchObject({ id: policyId(1), text: FORBID });
  });

  test("are read again once a read of them has failed", async () => {
    let fails = true;
    const { table } = context;
    const query: typeof table.query = async (...of) => {
      if (fails) throw new Error("no table");
      return table.query(...of);
    };
    const get: typeof table.get = async (...of) => {
      if (fails) throw new Error("no table");
      return table.get(...of);
    };
    const broken = { ...context, table: { ...table, query, get }, policies: createPolicyMemory() };
    const holder = holderIn(FIRST_ORGANIZATION, { groups: [GROUP], policyVersion: 3 });
    await expect(rulesAt(broken, 3)).rejects.toThrow("no table");
    await expect(rightsOf(broken, holder)).rejects.toThrow("no table");
    fails = false;
    expect(await rulesAt(broken, 3)).toHaveLength(1);
    expect(short(await rightsOf(broken, holder)).links).toEqual([OWN_ROLE, HOME_ROLE]);
  });
});

describe("a role that is held", () => {
  test("is a link to its place, until it ends", () => {
    const now = new Date("2026-11-22T05:00:00.000Z");
    const { uid } = placedHolder({ type: "service-account", id: "sva_1", groups: [GROUP] });
    expect(placedHolder({ type: "service-account", id: "sva_1", groups: [GROUP] })).toEqual({
      uid: { type: "Cadastre::ServiceAccount", id: "sva_1" },
      within: [{ type: "Cadastre::Group", id: GROUP }],
    });
    const roles = [
      held("rbd_1", "viewer", { resource: { type: "account", id: "aws/1" } }),
      held("rbd_2", "admin", { expiresAt: "2026-11-22T05:00:00.001Z" }),
      held("rbd_3", "admin", { expiresAt: "2026-11-22T05:00:00.000Z" }),
      held("rbd_4", "admin", { expiresAt: "2026-11-22T05:59:59.999+01:00" }),
    ];
    expect(toLinks(uid, roles, now)).toEqual([
      { id: "rbd_1", role: "viewer", holder: uid, place: { type: "Cadastre::Account", id: "aws/1" }, until: undefined },
      {
        id: "rbd_2",
        role: "admin",
        holder: uid,
        place: { type: "Cadastre::System", id: "system" },
        until: "2026-11-22T05:00:00.001Z",
      },
    ]);
  });
});

describe("what somebody's rights are", () => {
  test("are its own roles, those of its groups, and the policies", async () => {
    const rights = await rightsOf(
      context,
      holderIn(FIRST_ORGANIZATION, { groups: [GROUP, "grp_01JD0000000000000000000009"] }),
    );
    expect(short(rights)).toEqual({ links: [OWN_ROLE, HOME_ROLE], rules: ["forbid"] });
    expect(rights.links.map(({ holder }) => holder)).toEqual([
      { type: "Cadastre::User", id: "usr_1" },
      { type: "Cadastre::Group", id: GROUP },
    ]);
    expect(short(await rightsOf(context, holderIn(FIRST_ORGANIZATION)))).toEqual({
      links: [OWN_ROLE],
      rules: ["forbid"],
    });
  });

  test("are in another organization by its policies, and by the roles and groups of its own", async () => {
    const groups = [GROUP];
    expect(short(await rightsOf(other, holderIn(FIRST_ORGANIZATION, { groups })))).toEqual({
      links: [OWN_ROLE, HOME_ROLE],
      rules: ["permit"],
    });
    expect(short(await rightsOf(context, holderIn(OTHER, { groups })))).toEqual({
      links: [OWN_ROLE, OTHER_ROLE],
      rules: ["forbid"],
    });
    // At home no policy was ever made, which is of no matter elsewhere.
    const unruled = holderIn(FIRST_ORGANIZATION, { policyVersion: 0 });
    expect(short(await rightsOf(context, unruled)).rules).toEqual([]);
    expect(short(await rightsOf(other, unruled)).rules).toEqual(["permit"]);
  });

  test("are decided by roles alone where it was made to recover", async () => {
    const recovered = holderIn(FIRST_ORGANIZATION, { groups: [GROUP], isRecovery: true });
    expect(short(await rightsOf(context, recovered))).toEqual({ links: [OWN_ROLE, HOME_ROLE], rules: [] });
  });

  test("end with what a group's role ends, and are strongly read", async () => {
    const until = held(SHORT_ROLE, "editor", { expiresAt: "2026-11-22T05:00:01.000Z" });
    await fill(context, FORBID, until, 4);
    const holder = holderIn(FIRST_ORGANIZATION, { groups: [GROUP] });
    expect(short(await rightsOf(withEmptyReplica(context), holder))).toEqual({
      links: [OWN_ROLE, SHORT_ROLE],
      rules: ["forbid"],
    });
    context.advance(1);
    expect(short(await rightsOf(context, holder)).links).toEqual([OWN_ROLE]);
  });

  test("are remembered as of the version at which it was authenticated, and read where that is not known", async () => {
    const remembering = { ...context, policies: createPolicyMemory() };
    const calls = async (holder: Holder, of: Context = remembering) =>
      (await context.table.meter.measure(() => rightsOf(of, holder))).calls;
    const known = holderIn(FIRST_ORGANIZATION, { groups: [GROUP], policyVersion: 3 });
    expect([await calls(known), await calls(known)]).toEqual([2, 0]);
    expect(await calls(holderIn(FIRST_ORGANIZATION, { groups: [GROUP] }))).toBe(1);
    expect(await calls({ ...known, policyVersion: 4 })).toBe(2);
    const elsewhere = { ...other, policies: remembering.policies };
    expect([
      await calls({ ...known, policyVersion: 4 }, elsewhere),
      await calls({ ...known, policyVersion: 4 }, elsewhere),
    ]).toEqual([2, 1]);
  });

  test("to the system are no policies' of another organization", async () => {
    const rights = await rightsOf(context, holderIn(FIRST_ORGANIZATION));
    expect(rightsToSystem(rights, FIRST_ORGANIZATION)).toBe(rights);
    expect(short(rightsToSystem(rights, OTHER))).toEqual({ links: [OWN_ROLE], rules: [] });
  });
});
