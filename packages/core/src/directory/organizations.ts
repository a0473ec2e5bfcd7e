import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import {
  type NewOrganization,
  type Organization,
  type OrganizationPatch,
  organization as organizationSchema,
} from "@cadastre/contract/organization";
import { create, put, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { changesBetween } from "../changes.ts";
import { type Actor, actorName, type Context, FIRST_ORGANIZATION, inOrganization } from "../context.ts";
import { toAddressList } from "../limits/address-list.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { isTaken, retryOnConflict } from "../retry-on-conflict.ts";
import { FIRST } from "./first-organization.ts";
import { ORGANIZATIONS_PARTITION, OrganizationItem, OrganizationListItem, OrganizationSlugItem } from "./items.ts";

/** An organization as it is stored; the first one has version 0 until it is changed. */
type Standing = Stored<OrganizationItem>;

const toView = (stored: Standing): Organization => organizationSchema.parse(stored);

const slugTaken = (slug: string) => new ProblemError("organization.slug_taken", `another organization has ${slug}`);

/** One organization by its id, strongly consistent; undefined where there is none. One read unit. */
export async function readOrganization({ table }: Pick<Context, "table">, id: string): Promise<Standing | undefined> {
  const stored = await table.get(OrganizationItem, { id }, { consistent: true });
  return stored ?? (id === FIRST_ORGANIZATION ? { ...FIRST, version: 0 } : undefined);
}

/** The id of an organization that is named by its id or its slug; undefined where there is none. */
export async function findOrganization({ table }: Pick<Context, "table">, name: string): Promise<string | undefined> {
  if (name.startsWith("org_")) return (await readOrganization({ table }, name))?.id;
  const held = await table.get(OrganizationSlugItem, { slug: name }, { consistent: true });
  if (held) return held.organization;
  const first = name === FIRST.slug ? await readOrganization({ table }, FIRST_ORGANIZATION) : undefined;
  return first?.slug === name ? first.id : undefined;
}

/** The write of an organization in place of what was read, whether there was an item of it or not. */
function organizationWrite({ version, ...before }: Standing, change: Partial<OrganizationItem>): Write {
  const item: OrganizationItem = { ...before, ...change };
  return version === 0 ? create(OrganizationItem, item) : replace(OrganizationItem, item, version);
}

async function read(context: Context, id: string): Promise<Standing> {
  // What belongs to another organization does not exist, and neither does that one; who may see all acts in each of them.
  const stored = id === context.organization ? await readOrganization(context, id) : undefined;
  if (!stored) throw new ProblemError("organization.not_found");
  return stored;
}

/** One organization: the caller's own. Throws 404 `organization.not_found`. */
export async function getOrganization(context: Context, id: string): Promise<Organization> {
  return toView(await read(context, id));
}

/**
 * Makes an organization, which is empty: nobody of it, and nothing in it. Throws 409 `organization.slug_taken`. Writes it, its slug, its
 * place in the list, and one audit record in the organization of the caller.
 */
export async function createOrganization(
  context: Context,
  actor: Actor,
  input: NewOrganization,
): Promise<Organization> {
  const now = context.now();
  const at = now.toISOString();
  const id = newId("organization", now);
  const item: OrganizationItem = {
    ...input,
    id,
    policyVersion: 0,
    createdAt: at,
    createdBy: actorName(actor),
    updatedAt: at,
  };
  await retryOnConflict(async () => {
    if ((await findOrganization(context, input.slug)) !== undefined) throw slugTaken(input.slug);
    const slug = create(OrganizationSlugItem, { slug: input.slug, organization: id });
    try {
      await commitRecorded(
        context,
        actor,
        [
          create(OrganizationItem, item),
          slug,
          create(OrganizationListItem, { id }),
          // With the second one there is a list, which the first is in as well.
          put(OrganizationListItem, { id: FIRST_ORGANIZATION }),
        ],
        { action: "organization.create", target: id, changes: changesBetween(undefined, input) },
      );
    } catch (error) {
      if (isTaken(error, 1)) throw slugTaken(input.slug);
      throw error;
    }
  });
  return getOrganization(inOrganization(context, id), id);
}

/** What a change of the slug writes: the new one is held, the old one, if it was held, is free. */
function slugWrites({ slug: before, id, version }: Standing, slug: string): Write[] {
  if (slug === before) return [];
  const held = version === 0 ? [] : [remove(OrganizationSlugItem, { slug: before })];
  return [create(OrganizationSlugItem, { slug, organization: id }), ...held];
}

/** The patch with its lists of addresses as they are stored. Throws 422 `request.invalid`. */
function canonicalPatch({ addresses, ...patch }: OrganizationPatch): OrganizationPatch {
  if (addresses === undefined) return patch;
  const { allow, deny } = addresses;
  return {
    ...patch,
    addresses: {
      ...(allow === undefined ? {} : { allow: toAddressList(allow, "addresses.allow") }),
      ...(deny === undefined ? {} : { deny: toAddressList(deny, "addresses.deny") }),
    },
  };
}

/**
 * Changes what is said of an organization; what changes nothing writes nothing. Throws 404 `organization.not_found`, 409
 * `organization.slug_taken`, 412 `request.precondition_failed` when it does not have `version` any more. Writes it and one audit record.
 */
export async function patchOrganization(
  context: Context,
  actor: Actor,
  id: string,
  patch: OrganizationPatch,
  { version }: { readonly version?: number | undefined },
): Promise<Organization> {
  const given = Object.fromEntries(Object.entries(canonicalPatch(patch)).filter(([, value]) => value !== undefined));
  await retryOnConflict(async () => {
    const stored = await read(context, id);
    if (version !== undefined && stored.version !== version) throw new ProblemError("request.precondition_failed");
    const changes = changesBetween(stored, { ...stored, ...given });
    if (changes.length === 0) return;
    const slug = patch.slug ?? stored.slug;
    const holder = slug === stored.slug ? undefined : await findOrganization(context, slug);
    if (holder !== undefined) throw slugTaken(slug);
    const at = context.now().toISOString();
    const isOpened = patch.scimPasswords === true && stored.scimPasswords !== true;
    const since = isOpened ? { scimPasswordsSince: at } : {};
    const next = organizationWrite(stored, { ...given, ...since, updatedAt: at });
    // The slug of the first one is held from its first change on.
    const first =
      stored.version === 0 && slug === stored.slug ? [create(OrganizationSlugItem, { slug, organization: id })] : [];
    await commitRecorded(context, actor, [next, ...slugWrites(stored, slug), ...first], {
      action: "organization.patch",
      target: id,
      changes,
    });
  });
  return getOrganization(context, id);
}

/** Removed within a day at the most: they are read with every request. */
const MOST_ENDED = 100;

/**
 * The write that ends all sessions of an identity provider, for the commit that removes it: a session ends by itself after `seconds`, so long they
 * are told by their provider. Throws 429 `request.rate` when too many were removed within that time.
 */
export async function endProviderWrite(
  context: Pick<Context, "table" | "organization" | "now">,
  provider: string,
  seconds: number,
): Promise<Write> {
  const stored = await readOrganization(context, context.organization);
  if (!stored) throw new ProblemError("organization.not_found");
  const now = context.now();
  const oldest = new Date(now.getTime() - seconds * 1000).toISOString();
  const lasting = (stored.endedProviders ?? []).filter(({ at }) => at > oldest);
  if (lasting.length >= MOST_ENDED)
    throw new ProblemError("request.rate", `${MOST_ENDED} providers were removed within a day`);
  return organizationWrite(stored, { endedProviders: [...lasting, { id: provider, at: now.toISOString() }] });
}

/** Whether a session came of a provider that was removed. */
export const isProviderEnded = (
  { endedProviders = [] }: Pick<OrganizationItem, "endedProviders">,
  { provider }: { readonly provider?: string | undefined },
): boolean => provider !== undefined && endedProviders.some(({ id }) => id === provider);

/** All organizations, for who may see all of them, oldest first. Throws 422 `cursor.invalid`. */
export async function listOrganizations(context: Context, options: ListOptions): Promise<Listed<Organization>> {
  const { table } = context;
  const page = await selectPage(
    { table },
    {
      list: "organizations",
      entity: OrganizationListItem,
      partition: ORGANIZATIONS_PARTITION,
      async select(items) {
        const found = await table.getMany(OrganizationItem, items, { consistent: true });
        return found.map((stored, at) => {
          const known = stored ?? (items[at]?.id === FIRST_ORGANIZATION ? { ...FIRST, version: 0 } : undefined);
          return known && toView(known);
        });
      },
    },
    options,
  );
  const isAlone = page.items.length === 0 && options.cursor === undefined;
  return isAlone
    ? { items: [toView(await read(inOrganization(context, FIRST_ORGANIZATION), FIRST_ORGANIZATION))] }
    : page;
}

/** The ids of all organizations, for what is done for each in turn. One read unit for some hundred of them. */
export async function organizationIds({ table }: Pick<Context, "table">): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const query = { partition: ORGANIZATIONS_PARTITION, cursor, consistent: true };
    const page = await table.query(OrganizationListItem, query);
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return ids.length === 0 ? [FIRST_ORGANIZATION] : ids;
}

/** The write that has everybody read anew what policies and groups allow: for the commit of whatever changes that. */
export async function raisePolicyVersion(context: Pick<Context, "table" | "organization">): Promise<Write> {
  const stored = await readOrganization(context, context.organization);
  if (!stored) throw new ProblemError("organization.not_found");
  return organizationWrite(stored, { policyVersion: stored.policyVersion + 1 });
}
