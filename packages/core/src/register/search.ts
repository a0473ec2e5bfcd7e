import { fromAccountName } from "@cadastre/contract/account";
import type { Resource } from "@cadastre/contract/view";
import type { Context } from "../context.ts";
import type { Listed, ListOptions } from "../lists.ts";
import type { Filters } from "../subjects/filters.ts";
import { searchSubjects } from "../subjects/search.ts";
import { countListed } from "./counts.ts";
import { ResourceSubject } from "./subject.ts";

interface ListedResources extends Listed<Resource> {
  /** On the first page, how many there are in all, where the filters are those that are counted; absent where only going through them would tell. */
  readonly total?: number;
}

const COUNTED: readonly string[] = ["type", "status", "kind", "provider", "account", "region"];

/** Whether counts alone tell how many resources the filters have. */
function isCounted(filters: Filters): boolean {
  return Object.entries(filters).every(
    ([name, value]) => COUNTED.includes(name) || value === undefined || (Array.isArray(value) && value.length === 0),
  );
}

/** Counted where one place is meant; a caller limited to several accounts would see twice what they share. */
async function totalOf(context: Context, filters: Filters): Promise<number | undefined> {
  if (!isCounted(filters)) return undefined;
  const { restriction } = context;
  if (restriction === undefined) return countListed(context, filters);
  const visible = restriction.accounts
    .map(fromAccountName)
    .filter(({ provider, account }) => isAsked(provider, filters.provider) && isAsked(account, filters.account));
  if (visible.length > 1) return undefined;
  return visible[0] ? countListed(context, { ...filters, ...visible[0] }) : 0;
}

const isAsked = (value: string, wanted: string | undefined) => wanted === undefined || wanted === value;

/**
 * Resources that match all of the filters, a page at a time; `total` where it is exact. A page may be short, or empty, and still
 * have a cursor. Throws 422 `cursor.invalid`. Writes nothing.
 */
export async function findResources(
  context: Context,
  filters: Filters,
  options: ListOptions,
): Promise<ListedResources> {
  const [listed, total] = await Promise.all([
    searchSubjects(context, [ResourceSubject], { ...filters, type: "resource" }, options),
    options.cursor === undefined ? totalOf(context, filters) : undefined,
  ]);
  return { ...listed, ...(total === undefined ? {} : { total }) };
}
