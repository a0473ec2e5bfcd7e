import { newId } from "@cadastre/contract/ids";
import {
  type NewServiceAccount,
  type ServiceAccount,
  type ServiceAccountPatch,
  serviceAccount,
} from "@cadastre/contract/service-account";
import { create, type Stored } from "@cadastre/store/table";
import { changesBetween } from "../changes.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import type { Listed, ListOptions } from "../lists.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { ServiceAccountItem } from "./items.ts";
import { commitNamed, listNamed } from "./named.ts";
import { placeWrites } from "./names.ts";
import { type Changing, patchPrincipal, requirePrincipal, standingChange } from "./principals.ts";

const TYPE = "service-account" as const;

const viewIn =
  ({ organization }: Context) =>
  (stored: Stored<ServiceAccountItem>): ServiceAccount =>
    serviceAccount.parse({ ...stored, organization });

/** The stored form of a new service account, which has no role. */
export function toServiceAccountItem(
  id: string,
  name: string,
  { now, createdBy }: { readonly now: Date; readonly createdBy: string },
): ServiceAccountItem {
  const at = now.toISOString();
  return { id, name, disabled: false, epoch: 0, groups: [], roles: [], createdAt: at, createdBy, updatedAt: at };
}

/**
 * Makes a service account of the context's organization, which may do nothing until a role is bound to it. Throws 409
 * `service-account.name_taken`. Writes it, its name, its place in the list, and one audit record.
 */
export async function createServiceAccount(
  context: Context,
  actor: Actor,
  { name }: NewServiceAccount,
): Promise<ServiceAccount> {
  const now = context.now();
  const id = newId("serviceAccount", now);
  const item = toServiceAccountItem(id, name, { now, createdBy: actorName(actor) });
  const place = { type: TYPE, id, organization: context.organization };
  await retryOnConflict(async () => {
    const writes = [...placeWrites(place, name), create(ServiceAccountItem, item)];
    const entry = {
      action: "service-account.create",
      target: id,
      changes: changesBetween(undefined, { name }),
    } as const;
    await commitNamed(context, actor, { type: TYPE, name }, writes, entry);
  });
  return getServiceAccount(context, id);
}

/** One service account. Throws 404 `service-account.not_found`. */
export async function getServiceAccount(context: Context, id: string): Promise<ServiceAccount> {
  const stored = await requirePrincipal(context, { type: TYPE, id });
  return serviceAccount.parse({ ...stored, organization: context.organization });
}

/** Service accounts, oldest first, or the one that has a name. Throws 422 `cursor.invalid`. */
export function listServiceAccounts(
  context: Context,
  options: ListOptions & { readonly name?: string | undefined },
): Promise<Listed<ServiceAccount>> {
  return listNamed(context, { type: TYPE, entity: ServiceAccountItem, toView: viewIn(context) }, options);
}

/**
 * Changes a service account; what changes nothing writes nothing. Disabling ends all of its tokens in this commit, and for good.
 * Throws 404 `service-account.not_found`, 409 `service-account.name_taken`, 412 `request.precondition_failed`. Writes it, its name where
 * that changes, and one audit record.
 */
export async function patchServiceAccount(
  context: Context,
  actor: Actor,
  id: string,
  { name, disabled }: ServiceAccountPatch,
  seen: Changing,
): Promise<ServiceAccount> {
  const patched = (stored: ServiceAccountItem): ServiceAccountItem => ({
    ...stored,
    ...(name === undefined ? {} : { name }),
    ...standingChange(stored, disabled),
  });
  await patchPrincipal<ServiceAccountItem>(context, actor, { type: TYPE, id }, patched, seen);
  return getServiceAccount(context, id);
}
