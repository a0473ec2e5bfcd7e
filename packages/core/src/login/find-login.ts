import type { Stored } from "@cadastre/store/table";
import { type Context, FIRST_ORGANIZATION, inOrganization } from "../context.ts";
import { canonicalName } from "../directory/canonical-name.ts";
import { LoginNameItem, loginNamePartition, UserItem } from "../directory/items.ts";
import { findOrganization } from "../directory/organizations.ts";

/** Somebody who may log in under a name, or nobody. */
export interface FoundLogin {
  /** The context in the user's organization; of a name that nobody has, in the one that was named, or the first. */
  readonly context: Context;
  /** Whose attempts are counted together: the same for each way to name somebody. */
  readonly name: string;
  readonly user?: Stored<UserItem>;
}

/** No user has this id: what is read of nobody costs what is read of somebody. */
const NOBODY = "usr_nobody";
/** Organizations in which the same name is looked for. */
const MOST_NAMESAKES = 200;

/**
 * Who is meant by a name: of the organization that was named, by id or slug, else the oldest of that name. Makes the same reads whether
 * there is such a user or not.
 */
export async function findLogin(
  context: Context,
  { userName, organization }: { readonly userName: string; readonly organization?: string | undefined },
): Promise<FoundLogin> {
  const name = canonicalName(userName);
  const [page, named] = await Promise.all([
    context.table.query(LoginNameItem, {
      partition: loginNamePartition(name),
      limit: MOST_NAMESAKES,
      consistent: true,
    }),
    organization === undefined ? undefined : findOrganization(context, organization),
  ]);
  const isMeant = (one: { readonly organization: string }): boolean =>
    organization === undefined || one.organization === named;
  const found = page.items.find(isMeant);
  const place = found?.organization ?? named ?? FIRST_ORGANIZATION;
  const own = inOrganization(context, place);
  const user = await own.table.get(UserItem, { id: found?.id ?? NOBODY }, { consistent: true });
  return { context: own, name: `${place}\n${name}`, ...(user ? { user } : {}) };
}
