import { expect, test } from "vitest";
import { aContext, anAdmin } from "../../audit/testing.ts";
import { addGroupMember } from "../../directory/group-members.ts";
import { createGroup } from "../../directory/groups.ts";
import { UserItem } from "../../directory/items.ts";
import { createUser } from "../../directory/users.ts";
import { createRoleBinding } from "../../policies/role-bindings.ts";
import { groupWrites } from "./give-groups.ts";

const SYSTEM = { type: "system", id: "system" } as const;

/** Somebody in a group that administers the system, and in one that does nothing; an identity gave both. */
async function anAdminByClaim() {
  const context = aContext();
  const { id: user } = await createUser(context, anAdmin, { userName: "ann" } as never);
  const [roots, plain] = [
    await createGroup(context, anAdmin, { name: "roots" }),
    await createGroup(context, anAdmin, { name: "plain" }),
  ];
  await createRoleBinding(context, anAdmin, {
    principal: { type: "group", id: roots.id },
    role: "SystemAdmin",
    resource: SYSTEM,
  });
  for (const { id } of [roots, plain]) await addGroupMember(context, anAdmin, id, { type: "user", id: user });
  const gave = [roots.id, plain.id];
  const provider = { groupsClaim: "groups", groups: gave.map((group) => ({ value: group, group })) };
  const logIn = async (claim: readonly string[]) => {
    const stored = await context.table.get(UserItem, { id: user }, { consistent: true });
    if (!stored) throw new Error("no user");
    const mapping = { user: stored, gave, provider, claims: { groups: claim }, requestId: "req_1" };
    return groupWrites(context, { isManaged: async () => false }, mapping as never);
  };
  return { context, roots: roots.id, plain: plain.id, user, logIn };
}

test("no claim takes the last one who administers the system out of the group by which it does, until there is another one", async () => {
  const { context, roots, plain, logIn } = await anAdminByClaim();
  expect(await logIn([])).toMatchObject({ removed: [plain], groups: [roots], gives: [roots] });
  expect((await logIn([])).writes).toHaveLength(1);
  const { id: other } = await createUser(context, anAdmin, { userName: "bob" } as never);
  await createRoleBinding(context, anAdmin, {
    principal: { type: "user", id: other },
    role: "SystemAdmin",
    resource: SYSTEM,
  });
  expect(await logIn([])).toMatchObject({ removed: [roots, plain], groups: [], gives: [] });
});
