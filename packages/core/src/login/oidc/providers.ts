import { ProblemError } from "@cadastre/contract/errors";
import {
  type IdentityProvider,
  type IdentityProviderPatch,
  identityProvider,
  type NewIdentityProvider,
} from "@cadastre/contract/identity-provider";
import { newId } from "@cadastre/contract/ids";
import { create, remove, replace, type Stored } from "@cadastre/store/table";
import { guardSystemAdmins } from "../../access/system-admins.ts";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import { secretChange } from "../../audit/hash-key.ts";
import { changesBetween } from "../../changes.ts";
import { type Actor, actorName, type Context, FIRST_ORGANIZATION, inOrganization } from "../../context.ts";
import { GroupItem } from "../../directory/items.ts";
import { endProviderWrite, findOrganization } from "../../directory/organizations.ts";
import type { Reach } from "../../limits/outside.ts";
import { type Listed, type ListOptions, selectPage } from "../../lists.ts";
import { requireMayGiveRoles } from "../../policies/grants.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import type { Sealer } from "../../vault/ports.ts";
import { SESSION_SECONDS } from "../sessions.ts";
import { requireIssuer } from "./issuer.ts";
import { IDENTITY_PROVIDERS_PARTITION, IdentityProviderItem, IdentityProviderListItem } from "./items.ts";
import { sealClientSecret } from "./sealed-secret.ts";

/** What stores and shows providers: what seals their secrets, what may be asked, and where people log in. */
export interface StoringPorts {
  readonly sealer: Sealer;
  readonly reach: Reach;
}

/** What a provider sends browsers back to: of each its own, so that no provider's answer is taken for another's. */
export const redirectUriOf = (origin: string, id: string): string => `${origin}/login/${id}`;

/** What the API shows of a provider: all but its secret. */
export function toIdentityProvider(
  { sealedSecret: _, ...stored }: Stored<IdentityProviderItem>,
  origin: string | undefined,
): IdentityProvider {
  return identityProvider.parse({
    ...stored,
    ...(origin === undefined ? {} : { redirectUri: redirectUriOf(origin, stored.id) }),
  });
}

/** A provider by its id, whosever it is: for who is not known yet. Throws 404 `identity-provider.not_found`. */
export async function findProvider(
  { table }: Pick<Context, "table">,
  id: string,
): Promise<Stored<IdentityProviderItem>> {
  const stored = await table.get(IdentityProviderItem, { id }, { consistent: true });
  if (!stored) throw new ProblemError("identity-provider.not_found");
  return stored;
}

/** A provider of the context's organization; another's is not there. Throws 404 `identity-provider.not_found`. */
export async function requireProvider(
  context: Pick<Context, "table" | "organization">,
  id: string,
): Promise<Stored<IdentityProviderItem>> {
  const stored = await findProvider(context, id);
  if (stored.organization !== context.organization) throw new ProblemError("identity-provider.not_found");
  return stored;
}

/**
 * That the groups which claims are mapped to are there, and that the actor holds what they give: by a provider of one's own one could be in
 * any of them. Throws 422 `request.invalid`, 403 `access.exceeds`.
 */
async function requireMayMap(
  context: Context,
  actor: Actor,
  { groups }: Pick<IdentityProviderItem, "groups">,
): Promise<void> {
  const ids = [...new Set(groups.map(({ group }) => group))];
  const found = await context.table.getMany(
    GroupItem,
    ids.map((id) => ({ id })),
    { consistent: true },
  );
  const known = new Map(found.flatMap((group) => (group ? [[group.id, group] as const] : [])));
  const at = groups.findIndex(({ group }) => !known.has(group));
  if (at >= 0) {
    const path = `groups[${at}].group`;
    throw new ProblemError("request.invalid", `${path}: there is no such group`, {
      errors: [{ path, message: "there is no such group" }],
    });
  }
  await requireMayGiveRoles(
    context,
    actor,
    [...known.values()].flatMap(({ roles }) => roles),
  );
}

/** That the actor may take people out of the groups that a provider fills, as far as they are there. Throws 403 `access.exceeds`. */
async function requireMayUnmap(
  context: Context,
  actor: Actor,
  { groups }: Pick<IdentityProviderItem, "groups">,
): Promise<void> {
  const keys = [...new Set(groups.map(({ group }) => group))].map((id) => ({ id }));
  const found = await context.table.getMany(GroupItem, keys, { consistent: true });
  await guardSystemAdmins(context, actor)(...found.flatMap((group) => (group ? [group] : [])));
}

/**
 * Stores a provider; nothing is asked of it. Throws 422 `request.invalid` for an issuer that the service would not ask and for groups that
 * are not there, 403 `access.exceeds`, 503 `service.unavailable`. Writes it with its secret sealed, its place in the list, and one audit
 * record.
 */
export async function createProvider(
  context: Context,
  { sealer, reach }: StoringPorts,
  actor: Actor,
  { organization: _, clientSecret, ...input }: NewIdentityProvider,
): Promise<Stored<IdentityProviderItem>> {
  requireIssuer(input.issuer, reach);
  const now = context.now();
  const id = newId("identityProvider", now);
  const { organization } = context;
  const sealedSecret = await sealClientSecret(sealer, { id, organization, issuer: input.issuer }, clientSecret);
  const at = now.toISOString();
  const item: IdentityProviderItem = {
    ...input,
    id,
    organization,
    sealedSecret,
    createdAt: at,
    createdBy: actorName(actor),
    updatedAt: at,
  };
  const hashed = await secretChange(context, "clientSecret", { after: clientSecret });
  await retryOnConflict(async () => {
    await requireMayMap(context, actor, input);
    const writes = [create(IdentityProviderItem, item), create(IdentityProviderListItem, { id })];
    const changes = [...changesBetween(undefined, input), hashed];
    await commitRecorded(context, actor, writes, { action: "identity-provider.create", target: id, changes });
  });
  return requireProvider(context, id);
}

/** Providers of the organization, oldest first. Throws 422 `cursor.invalid`. */
export function listProviders(
  context: Pick<Context, "table" | "organization" | "restriction">,
  options: ListOptions,
): Promise<Listed<Stored<IdentityProviderItem>>> {
  return selectPage(
    context,
    {
      list: "identity-providers",
      entity: IdentityProviderListItem,
      partition: IDENTITY_PROVIDERS_PARTITION,
      select: (items) => context.table.getMany(IdentityProviderItem, items, { consistent: true }),
    },
    options,
  );
}

const MOST_BUTTONS = 50;

/** The providers of an organization, named by id or slug, for the page to log in at; none of one that is not there. The first one when none is named. */
export async function listLoginProviders(
  context: Context,
  organization: string | undefined,
): Promise<readonly { readonly id: string; readonly name: string }[]> {
  const id = organization === undefined ? FIRST_ORGANIZATION : await findOrganization(context, organization);
  if (id === undefined) return [];
  const { items } = await listProviders(inOrganization(context, id), { limit: MOST_BUTTONS });
  return items.map(({ id, name }) => ({ id, name }));
}

/** What a patch makes of a provider; null takes the claim of groups away. */
function patched(stored: IdentityProviderItem, { clientSecret: _, groupsClaim, ...patch }: IdentityProviderPatch) {
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  const { groupsClaim: before, ...rest } = stored;
  const claim = groupsClaim === undefined ? before : (groupsClaim ?? undefined);
  return { ...rest, ...given, ...(claim === undefined ? {} : { groupsClaim: claim }) } as IdentityProviderItem;
}

/**
 * Changes a provider; what changes nothing writes nothing. Its secret is sealed for its issuer: with another one it has to be given, too,
 * 422 `request.invalid`. Throws 404 `identity-provider.not_found`, 412 `request.precondition_failed`, and what `createProvider` throws.
 * Writes it and one audit record.
 */
export async function patchProvider(
  context: Context,
  { sealer, reach }: StoringPorts,
  actor: Actor,
  id: string,
  patch: IdentityProviderPatch,
  { version }: { readonly version?: number | undefined },
): Promise<Stored<IdentityProviderItem>> {
  const { clientSecret, issuer } = patch;
  if (issuer !== undefined) requireIssuer(issuer, reach);
  const hashed =
    clientSecret === undefined ? [] : [await secretChange(context, "clientSecret", { after: clientSecret })];
  await retryOnConflict(async () => {
    const { version: seen, ...stored } = await requireProvider(context, id);
    if (version !== undefined && version !== seen) throw new ProblemError("request.precondition_failed");
    const next = patched(stored, patch);
    if (next.issuer !== stored.issuer && clientSecret === undefined) {
      const message = "is needed with another issuer: the old one's is not shown to it";
      throw new ProblemError("request.invalid", `clientSecret: ${message}`, {
        errors: [{ path: "clientSecret", message }],
      });
    }
    const changes = [...changesBetween(stored, next), ...hashed];
    if (changes.length === 0) return;
    // Whatever is changed, also who the issuer is: by another one somebody else says who is in these groups.
    await requireMayMap(context, actor, next);
    // Whom it puts into a group it takes out again once the group is mapped no more.
    await requireMayUnmap(context, actor, stored);
    const sealedSecret =
      clientSecret === undefined ? stored.sealedSecret : await sealClientSecret(sealer, next, clientSecret);
    const item = { ...next, sealedSecret, updatedAt: context.now().toISOString() };
    const entry = { action: "identity-provider.patch", target: id, changes } as const;
    await commitRecorded(context, actor, [replace(IdentityProviderItem, item, seen)], entry);
  });
  return requireProvider(context, id);
}

/**
 * Removes a provider: nobody logs in by it any more, also who has begun to, and all sessions that came of it end in the same commit. Users and
 * identities stay. Throws 404 `identity-provider.not_found`, 412 `request.precondition_failed`, 429 `request.rate` when too many went within a day.
 * Writes the ends, the organization, and one audit record.
 */
export async function deleteProvider(
  context: Context,
  actor: Actor,
  id: string,
  { version }: { readonly version?: number | undefined },
): Promise<void> {
  await retryOnConflict(async () => {
    const stored = await requireProvider(context, id);
    if (version !== undefined && version !== stored.version) throw new ProblemError("request.precondition_failed");
    const { name, issuer } = stored;
    const writes = [remove(IdentityProviderItem, { id }, stored.version), remove(IdentityProviderListItem, { id })];
    const end = await endProviderWrite(context, id, SESSION_SECONDS);
    await commitRecorded(context, actor, [...writes, end], {
      action: "identity-provider.delete",
      target: id,
      detail: { name, issuer },
    });
  });
}
