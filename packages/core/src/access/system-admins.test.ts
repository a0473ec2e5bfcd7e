import type { HeldRole, Role } from "@cadastre/contract/principal";
import { create } from "@cadastre/store/table";
import { expect, test } from "vitest";
import { aContext, anActor, anAdmin, withEmptyReplica, withScopes } from "../audit/testing.ts";
import { type Actor, type Context, systemActor } from "../context.ts";
import { GroupItem } from "../directory/items.ts";
import { guardSystemAdmins } from "./system-admins.ts";

const held = (role: Role, more: Partial<HeldRole> = {}): HeldRole => ({
  id: "rbd_01JD0000000000000000000000",
  role,
  resource: { type: "system", id: "system" },
  ...more,
});
const NOBODY = { roles: [] };
const ROOT = { roles: [held("SystemAdmin")] };
const EXCEEDS = { code: "access.exceeds", message: "it administers the system: only who does changes it" };

async function withGroup(roles: HeldRole[]): Promise<{ context: ReturnType<typeof aContext>; id: string }> {
  const context = aContext();
  const at = context.now().toISOString();
  const id = "grp_01JD0000000000000000000000";
  const group = { id, name: "g", roles, createdAt: at, createdBy: "system", updatedAt: at };
  await context.table.commit([create(GroupItem, group)]);
  return { context, id };
}
const asked = (context: Context, actor: Actor, ...holders: Parameters<ReturnType<typeof guardSystemAdmins>>) =>
  guardSystemAdmins(context, actor)(...holders);

test("who does not administer the system changes nobody who does, alone or among others", async () => {
  const context = aContext();
  for (const holders of [[ROOT], [NOBODY, ROOT], [{ roles: [held("admin"), held("SystemAdmin")] }]])
    await expect(asked(context, anActor, ...holders)).rejects.toMatchObject(EXCEEDS);
  await asked(context, anActor, NOBODY, { roles: [held("admin"), held("vault-user")] });
  await asked(context, anActor);
});

test("who administers the system changes anybody, and so does the service, without a look at groups", async () => {
  const { context, id } = await withGroup([held("SystemAdmin")]);
  const { calls } = await context.table.meter.measure(() =>
    asked(context, systemActor("req_1"), ROOT, { roles: [], groups: [id] }),
  );
  expect(calls).toBe(0);
  await asked(context, anAdmin, ROOT, { roles: [], groups: [id] });
});

test("who is narrowed by a token does not administer the system by it", async () => {
  const narrowed = withScopes(anAdmin, ["directory:write"]);
  await expect(asked(aContext(), narrowed, ROOT)).rejects.toMatchObject(EXCEEDS);
  const limited = withScopes(anAdmin, ["admin"], ["aws/1"]);
  await expect(asked(aContext(), limited, ROOT)).rejects.toMatchObject(EXCEEDS);
});

test("who is in a group that administers the system does so, too: as it stands, and not as a replica has it", async () => {
  const { context, id } = await withGroup([held("SystemAdmin")]);
  const member = { roles: [], groups: [id] };
  for (const of of [context, withEmptyReplica(context)])
    await expect(asked(of, anActor, NOBODY, member)).rejects.toMatchObject(EXCEEDS);
  await asked(context, anActor, { roles: [], groups: ["grp_01JD0000000000000000000009"] }, { roles: [], groups: [] });
  const plain = await withGroup([held("admin")]);
  await asked(plain.context, anActor, { roles: [], groups: [plain.id] });
});

test("a role that has ended, to the very moment, makes nobody one any more", async () => {
  const context = aContext();
  const until = (expiresAt: string) => ({ roles: [held("SystemAdmin", { expiresAt })] });
  await expect(asked(context, anActor, until("2026-11-22T05:00:00.001Z"))).rejects.toMatchObject(EXCEEDS);
  await asked(context, anActor, until("2026-11-22T05:00:00.000Z"));
  const group = await withGroup([held("SystemAdmin", { expiresAt: "2026-11-22T05:00:01.000Z" })]);
  const member = { roles: [], groups: [group.id] };
  await expect(asked(group.context, anActor, member)).rejects.toMatchObject(EXCEEDS);
  group.context.advance(1);
  await asked(group.context, anActor, member);
});

test("in another organization nobody administers the system, and nothing is read", async () => {
  const { context, id } = await withGroup([held("SystemAdmin")]);
  const other = { ...context, organization: "org_01JD0000000000000000000000" };
  const { calls } = await context.table.meter.measure(() => asked(other, anActor, ROOT, { roles: [], groups: [id] }));
  expect(calls).toBe(0);
});
