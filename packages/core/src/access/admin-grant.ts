import { newId } from "@cadastre/contract/ids";
import type { HeldRole, PrincipalRef } from "@cadastre/contract/principal";
import type { NewToken } from "@cadastre/contract/token";
import { create, type Write } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { RoleBindingItem, ServiceAccountItem } from "../directory/items.ts";
import { placeWrites } from "../directory/names.ts";
import { toServiceAccountItem } from "../directory/service-accounts.ts";

/** What the first admin token has, and one that is recovered: whatever is made with that can do no more and lives no longer. */
export const ADMIN_GRANT: Pick<NewToken, "scopes"> & { readonly expiresInSeconds: number } = {
  scopes: ["admin", "credentials:reveal"],
  expiresInSeconds: 366 * 86_400,
};

const EVERYTHING = { type: "system", id: "system" } as const;

/** The roles of who administers the system, and may reveal secrets. */
export const adminRoles = (now: Date): HeldRole[] => [
  { id: newId("roleBinding", now), role: "SystemAdmin", resource: EVERYTHING },
  { id: newId("roleBinding", now), role: "vault-user", resource: EVERYTHING },
];

/** Their places in the list of role bindings. */
export const bindingWrites = (
  principal: PrincipalRef,
  roles: readonly HeldRole[],
  { at, createdBy }: { readonly at: Date; readonly createdBy: string },
): Write[] =>
  roles.map((held) => create(RoleBindingItem, { ...held, principal, createdAt: at.toISOString(), createdBy }));

/** A principal that is about to be made: the token's whose it is goes into the same commit. */
export interface NewPrincipal {
  readonly principal: PrincipalRef;
  readonly epoch: number;
  readonly writes: readonly Write[];
}

/** A service account that may do all that the first admin may, whatever policies say, for whoever has no other way in. */
export function newRecoveryAccount(
  { now, organization }: Pick<Context, "now" | "organization">,
  createdBy: string,
): NewPrincipal {
  const at = now();
  const id = newId("serviceAccount", at);
  const name = `recovery ${id.slice("sva_".length)}`;
  const roles = adminRoles(at);
  const principal = { type: "service-account", id } as const;
  const item = { ...toServiceAccountItem(id, name, { now: at, createdBy }), roles, recovery: true };
  return {
    principal,
    epoch: item.epoch,
    writes: [
      ...placeWrites({ ...principal, organization }, name),
      create(ServiceAccountItem, item),
      ...bindingWrites(principal, roles, { at, createdBy }),
    ],
  };
}
