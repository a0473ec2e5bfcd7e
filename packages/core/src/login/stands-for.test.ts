import type { HeldRole } from "@cadastre/contract/principal";
import { create, replace, type Table, type Write } from "@cadastre/store/table";
import { expect, test } from "vitest";
import { aContext, anActorOf, anAdmin, auditRecords } from "../audit/testing.ts";
import type { Actor, Context } from "../context.ts";
import { UserItem } from "../directory/items.ts";
import { createUser } from "../directory/users.ts";
import { removeAllFactors } from "./factors.ts";
import { createLoginLink } from "./login-links.ts";
import { linkIdentity } from "./oidc/identities.ts";
import { IdentityProviderItem } from "./oidc/items.ts";

const PROVIDER = "idp_01JD0000000000000000000000";
const SYSTEM_ADMIN: HeldRole = {
  id: "rbd_01JD0000000000000000000009",
  role: "SystemAdmin",
  resource: { type: "system", id: "system" },
};

/** Who may do everything in the organization, and does not administer the system. */
function bossOf({ organization }: Context): Actor {
  const boss = anActorOf("service-account", "sva_1");
  const roles = (["admin", "vault-user"] as const).map((role, at) => ({
    id: `rbd_01JD000000000000000000000${at}`,
    role,
    resource: { type: "organization" as const, id: organization },
  }));
  return { ...boss, principal: { ...boss.principal, roles } };
}

const WAYS: Record<string, { write: string; go: (context: Context, actor: Actor, user: string) => Promise<unknown> }> =
  {
    "a login link": {
      write: "login-link",
      go: (context, actor, user) => createLoginLink(context, actor, { user, purpose: "reset" }),
    },
    "the removal of all second factors": { write: "user", go: removeAllFactors },
    "an identity": {
      write: "identity",
      go: (context, actor, user) => linkIdentity(context, actor, user, { provider: PROVIDER, subject: "mine" }),
    },
  };

async function aUser() {
  const context = aContext();
  const at = context.now().toISOString();
  const provider = {
    id: PROVIDER,
    organization: context.organization,
    name: "p",
    issuer: "https://issuer.example.org",
    clientId: "c",
    scopes: [],
    claims: { userName: "u", displayName: "d", email: "e" },
    groups: [],
    createsUsers: false,
    clockToleranceSeconds: 30,
    sealedSecret: new Uint8Array(1),
    createdAt: at,
    createdBy: "x",
    updatedAt: at,
  };
  await context.table.commit([create(IdentityProviderItem, provider as never)]);
  const { id } = await createUser(context, anAdmin, { userName: "ann" } as never);
  return { context, user: id };
}

test.each(Object.keys(WAYS))(
  "%s of a user is for who may do all that the user may, also in the moment of its commit",
  async (name) => {
    const { write, go } = WAYS[name] as (typeof WAYS)[string];
    const { context, user } = await aUser();
    const raise = async () => {
      const stored = await context.table.get(UserItem, { id: user }, { consistent: true });
      if (!stored) throw new Error("no user");
      const { version, ...item } = stored;
      await context.table.commit([replace(UserItem, { ...item, roles: [SYSTEM_ADMIN] }, version)]);
    };
    let isRaised = false;
    const table: Table = {
      ...context.table,
      async commit(writes: readonly Write[]) {
        if (!isRaised && writes.some(({ entity }) => entity.type === write)) {
          isRaised = true;
          await raise();
        }
        return context.table.commit(writes);
      },
    };
    await expect(go({ ...context, table }, bossOf(context), user)).rejects.toMatchObject({ code: "access.exceeds" });
    expect(isRaised).toBe(true);
    expect((await auditRecords(context)).map(({ action }) => action)).toEqual(["user.create"]);
  },
);

test.each(Object.keys(WAYS))("%s of a user who may do no more is made", async (name) => {
  const { context, user } = await aUser();
  await (WAYS[name] as (typeof WAYS)[string]).go(context, bossOf(context), user);
  expect(await auditRecords(context)).toHaveLength(2);
});
