import { newUser } from "@cadastre/contract/user";
import { describe, expect, test } from "vitest";
import { aContext, anAdmin, auditRecords, type TestContext, withEmptyReplica } from "../audit/testing.ts";
import { FIRST_ORGANIZATION, inOrganization } from "../context.ts";
import { runDueJobs } from "../jobs/run-due.ts";
import { JOBS } from "../jobs.ts";
import { canonicalName } from "./canonical-name.ts";
import { addGroupMember, listGroupMembers, MOST_GROUPS, removeGroupMember } from "./group-members.ts";
import { createGroup, deleteGroup, getGroup, listGroups, patchGroup } from "./groups.ts";
import { GroupMemberItem, LoginNameItem, loginNamePartition } from "./items.ts";
import {
  createOrganization,
  endProviderWrite,
  findOrganization,
  isProviderEnded,
  listOrganizations,
  organizationIds,
  patchOrganization,
  readOrganization,
} from "./organizations.ts";
import { deletePrincipal } from "./principals.ts";
import { createServiceAccount, getServiceAccount } from "./service-accounts.ts";
import { createUser, getUser, listUsers, patchUser } from "./users.ts";

const PAGE = { limit: 50 };
const aUser = (context: TestContext, userName: string) => createUser(context, anAdmin, newUser.parse({ userName }));

async function loginNames({ table }: TestContext, name: string) {
  const found = await table.query(LoginNameItem, { partition: loginNamePartition(name), consistent: true });
  return found.items.map(({ id, organization }) => [id, organization]);
}

describe("a name", () => {
  test.each([
    ["Ann", "ANN"],
    ["ann@Example.com ", "ANN@example.COM"],
    ["straße", "STRASSE"],
    ["ｗｉｄｅ", "wide"],
    ["É", "e\u0301"],
  ])("%s is the same as %s", (one, other) => expect(canonicalName(one)).toBe(canonicalName(other)));

  test("is one user's of an organization, whatever its case, and free again once it is given up or its user is removed", async () => {
    const context = withEmptyReplica(aContext());
    const ann = await aUser(context, "Ann");
    await expect(aUser(context, "ANN")).rejects.toMatchObject({ code: "user.name_taken" });
    const bob = await aUser(context, "bob");
    await expect(patchUser(context, anAdmin, bob.id, { userName: "aNN" }, {})).rejects.toMatchObject({
      code: "user.name_taken",
    });
    await patchUser(context, anAdmin, ann.id, { userName: "anne" }, {});
    expect((await listUsers(context, { ...PAGE, userName: "ANNE" })).items.map(({ id }) => id)).toEqual([ann.id]);
    expect((await listUsers(context, { ...PAGE, userName: "ann" })).items).toEqual([]);
    expect(await loginNames(context, "ann")).toEqual([]);
    await patchUser(context, anAdmin, bob.id, { userName: "Ann" }, {});
    expect(await loginNames(context, "ann")).toEqual([[bob.id, FIRST_ORGANIZATION]]);
    await deletePrincipal(context, anAdmin, { type: "user", id: bob.id }, {});
    expect(await loginNames(context, "ann")).toEqual([]);
    await aUser(context, "ann");
  });

  test("in another case only is written as it is given, and takes no other's place", async () => {
    const context = aContext();
    const { id } = await aUser(context, "ann");
    expect(await patchUser(context, anAdmin, id, { userName: "Ann" }, {})).toMatchObject({ userName: "Ann" });
    expect(await loginNames(context, "ann")).toEqual([[id, FIRST_ORGANIZATION]]);
  });

  test("of 16 that are made at once is one user's", async () => {
    const context = aContext();
    const made = await Promise.allSettled(Array.from({ length: 16 }, () => aUser(context, "ann")));
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await listUsers(context, PAGE)).items).toHaveLength(1);
  });

  test("is known by organization to who has to find whose it is, oldest first", async () => {
    const context = aContext();
    const first = await aUser(context, "ann");
    const { id: organization } = await createOrganization(context, anAdmin, { name: "B", slug: "b", owner: "" });
    context.advance(1);
    const second = await aUser(inOrganization(context, organization), "Ann");
    expect(await loginNames(context, "ann")).toEqual([
      [first.id, FIRST_ORGANIZATION],
      [second.id, organization],
    ]);
  });
});

describe("a group", () => {
  test("has its members, who say so themselves, until they are taken out or it is removed", async () => {
    const context = withEmptyReplica(aContext());
    const group = await createGroup(context, anAdmin, { name: "engineers" });
    const ann = { type: "user", id: (await aUser(context, "ann")).id } as const;
    const robot = {
      type: "service-account",
      id: (await createServiceAccount(context, anAdmin, { name: "r" })).id,
    } as const;
    for (const one of [ann, ann, robot]) await addGroupMember(context, anAdmin, group.id, one);
    expect((await listGroupMembers(context, group.id, PAGE)).items.map(({ principal }) => principal)).toEqual([
      robot,
      ann,
    ]);
    expect((await getUser(context, ann.id)).groups).toEqual([group.id]);
    await removeGroupMember(context, anAdmin, group.id, ann);
    await removeGroupMember(context, anAdmin, group.id, ann);
    expect((await getUser(context, ann.id)).groups).toEqual([]);
    await deleteGroup(context, anAdmin, group.id, {});
    await expect(getGroup(context, group.id)).rejects.toMatchObject({ code: "group.not_found" });
    await runDueJobs(context, JOBS, { until: new Date(context.now().getTime() + 60_000) });
    expect((await getServiceAccount(context, robot.id)).groups).toEqual([]);
    expect(
      (await context.table.query(GroupMemberItem, { partition: `group#${group.id}`, consistent: true })).items,
    ).toEqual([]);
    const actions = (await auditRecords(context)).map(({ action }) => action);
    expect(actions.filter((action) => action === "group.add")).toHaveLength(2);
    expect(actions.filter((action) => action === "group.remove")).toHaveLength(1);
  });

  test("gets a member that is in no more than 200, and 64 that are put in at once, all of them", async () => {
    const context = aContext();
    const group = await createGroup(context, anAdmin, { name: "all" });
    const users = await Promise.all(Array.from({ length: 64 }, (_, n) => aUser(context, `u${n}`)));
    await Promise.all(users.map(({ id }) => addGroupMember(context, anAdmin, group.id, { type: "user", id })));
    expect((await listGroupMembers(context, group.id, { limit: 100 })).items).toHaveLength(64);
    const [{ id } = { id: "" }] = users;
    for (let n = 1; n < MOST_GROUPS; n++) {
      const { id: other } = await createGroup(context, anAdmin, { name: `g${n}` });
      await addGroupMember(context, anAdmin, other, { type: "user", id });
    }
    const { id: last } = await createGroup(context, anAdmin, { name: "last" });
    await expect(addGroupMember(context, anAdmin, last, { type: "user", id })).rejects.toMatchObject({
      code: "group.too_many",
    });
    await deletePrincipal(context, anAdmin, { type: "user", id }, {});
    expect((await listGroupMembers(context, group.id, { limit: 100 })).items).toHaveLength(63);
    expect((await context.table.query(GroupMemberItem, { partition: `group#${last}` })).items).toEqual([]);
  });

  test("that is removed while somebody is put into it stays removed", async () => {
    const context = aContext();
    const { id } = await createGroup(context, anAdmin, { name: "g" });
    const ann = await aUser(context, "ann");
    let commits = 0;
    const commit: typeof context.table.commit = async (writes) => {
      if (commits++ === 0) await deleteGroup(context, anAdmin, id, {});
      return context.table.commit(writes);
    };
    const late = { ...context, table: { ...context.table, commit } };
    await expect(addGroupMember(late, anAdmin, id, { type: "user", id: ann.id })).rejects.toMatchObject({
      code: "group.not_found",
    });
    expect((await getUser(context, ann.id)).groups).toEqual([]);
  });

  test("is renamed at the version that was seen, and two have different names", async () => {
    const context = aContext();
    const { id, version } = await createGroup(context, anAdmin, { name: "g" });
    await createGroup(context, anAdmin, { name: "h" });
    await expect(patchGroup(context, anAdmin, id, { name: "H" }, {})).rejects.toMatchObject({
      code: "group.name_taken",
    });
    await patchGroup(context, anAdmin, id, { name: "k" }, { version });
    const stale = { code: "request.precondition_failed" };
    await expect(patchGroup(context, anAdmin, id, { name: "l" }, { version })).rejects.toMatchObject(stale);
    await expect(deleteGroup(context, anAdmin, id, { version })).rejects.toMatchObject(stale);
    expect((await listGroups(context, PAGE)).items.map(({ name }) => name)).toEqual(["k", "h"]);
  });
});

describe("an organization", () => {
  test("is there from the start, can be renamed, and gives its slug up and keeps it like any other", async () => {
    const context = withEmptyReplica(aContext());
    expect(await organizationIds(context)).toEqual([FIRST_ORGANIZATION]);
    expect((await listOrganizations(context, PAGE)).items).toMatchObject([{ id: FIRST_ORGANIZATION, slug: "default" }]);
    const other = { name: "B", slug: "default", owner: "" };
    const taken = { code: "organization.slug_taken" };
    await expect(createOrganization(context, anAdmin, other)).rejects.toMatchObject(taken);
    await patchOrganization(context, anAdmin, FIRST_ORGANIZATION, { owner: "Ann" }, {});
    await expect(createOrganization(context, anAdmin, other)).rejects.toMatchObject(taken);
    await patchOrganization(context, anAdmin, FIRST_ORGANIZATION, { slug: "main" }, {});
    const { id } = await createOrganization(context, anAdmin, other);
    expect(await findOrganization(context, "default")).toBe(id);
    expect(await findOrganization(context, "main")).toBe(FIRST_ORGANIZATION);
    expect(await organizationIds(context)).toEqual([FIRST_ORGANIZATION, id]);
    expect((await listOrganizations(context, PAGE)).items.map(({ slug }) => slug)).toEqual(["main", "default"]);
  });

  test("of 8 with one slug that are made at once is one", async () => {
    const context = aContext();
    const input = { name: "B", slug: "b", owner: "" };
    const made = await Promise.allSettled(Array.from({ length: 8 }, () => createOrganization(context, anAdmin, input)));
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await organizationIds(context)).toHaveLength(2);
  });

  test("has nothing of another: neither its users and groups nor its records", async () => {
    const context = aContext();
    const { id } = await createOrganization(context, anAdmin, { name: "B", slug: "b", owner: "" });
    const other = inOrganization(context, id);
    const ann = await aUser(context, "ann");
    await expect(getUser(other, ann.id)).rejects.toMatchObject({ code: "user.not_found" });
    expect((await listUsers(other, PAGE)).items).toEqual([]);
    const bob = await aUser(other, "bob");
    expect(bob.organization).toBe(id);
    await expect(getUser(context, bob.id)).rejects.toMatchObject({ code: "user.not_found" });
    expect((await auditRecords(other)).map(({ action, target }) => [action, target])).toEqual([
      ["user.create", bob.id],
    ]);
    expect((await auditRecords(context)).some(({ target }) => target === bob.id)).toBe(false);
  });
});

describe("providers that were removed", () => {
  const id = (n: number) => `idp_${n}`;

  test("are told for as long as their sessions could last, and no more of them than a request can carry", async () => {
    const context = aContext();
    const end = async (n: number) => context.table.commit([await endProviderWrite(context, id(n), 60)]);
    const ended = async () => (await readOrganization(context, context.organization))?.endedProviders ?? [];
    await end(1);
    context.advance(30);
    await end(2);
    expect((await ended()).map((one) => one.id)).toEqual([id(1), id(2)]);
    const organization = { endedProviders: await ended() };
    expect([{ provider: id(1) }, { provider: id(3) }, {}].map((one) => isProviderEnded(organization, one))).toEqual([
      true,
      false,
      false,
    ]);
    context.advance(30);
    await end(3);
    expect((await ended()).map((one) => one.id)).toEqual([id(2), id(3)]);
    for (let n = 4; n < 102; n++) await end(n);
    await expect(end(102)).rejects.toMatchObject({ code: "request.rate" });
    context.advance(61);
    await end(103);
    expect(await ended()).toHaveLength(1);
  });
});
