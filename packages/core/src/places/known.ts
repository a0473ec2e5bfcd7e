import { fromAccountName } from "@cadastre/contract/account";
import { didYouMean } from "@cadastre/contract/did-you-mean";
import { ProblemError } from "@cadastre/contract/errors";
import { fromScopeName, PROVIDERS, type Provider, type ScopeKey } from "@cadastre/contract/scope";
import { CollectorNameItem } from "../access/items.ts";
import { AccountItem } from "../accounts/items.ts";
import type { Context } from "../context.ts";
import { readScopesOf, readSources } from "../ledger/read.ts";
import type { Listed } from "../lists.ts";
import { readCounts } from "../register/counts.ts";
import { isVisible } from "../restriction.ts";

/** What a question is about; what is undefined was not asked for. */
export interface AskedPlace {
  /** A collector that reports. */
  readonly source?: string | undefined;
  readonly provider?: Provider | undefined;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
}

/** So many known values are named; of more none is. */
const MOST_NAMED = 12;

function refuse(path: string, value: string, known: readonly string[]): ProblemError {
  const shown = value.slice(0, 100);
  const meant = didYouMean(value, known);
  const fewNamed = known.length > 0 && known.length <= MOST_NAMED ? `; known are ${known.join(", ")}` : "";
  const message = `nothing is known of ${shown}${meant ? `; did you mean ${meant}?` : fewNamed}`;
  return new ProblemError("query.invalid", `${path}: ${message}`, { errors: [{ path, message }] });
}

const providersOf = ({ provider }: AskedPlace): readonly Provider[] => (provider ? [provider] : PROVIDERS);

/** Whether the account was ever reported or registered, or owns something that others reported. */
async function isKnownAccount(context: Context, asked: AskedPlace, account: string): Promise<boolean> {
  const keys = providersOf(asked)
    .map((provider) => ({ provider, account }))
    .filter((key) => isVisible(context, key));
  const items = await context.table.getMany(AccountItem, keys);
  if (items.some((item) => item !== undefined)) return true;
  const counts = await Promise.all(keys.map((key) => readCounts(context, { ...key, status: "any" })));
  return counts.flat().length > 0;
}

/** The accounts that have, or had, resources: others are named only to who may read accounts, by their own list. */
async function knownAccounts(context: Context): Promise<string[]> {
  const counts = await readCounts(context, { status: "any" }, ["account"]);
  return [...new Set(counts.filter((at) => isVisible(context, at)).flatMap(({ account }) => account ?? []))];
}

/** Whether a collector of this name is registered, for whoever may know of all collectors. */
async function isRegistered(context: Context, name: string): Promise<boolean> {
  if (context.restriction) return false;
  return (await context.table.get(CollectorNameItem, { name })) !== undefined;
}

/** The sources that ever reported something that the caller may see. */
async function knownSources(context: Context): Promise<string[]> {
  const sources: string[] = [];
  for await (const source of readSources(context)) {
    if (context.restriction === undefined || (await scopesOf(context, source)).length > 0) sources.push(source);
  }
  return sources;
}

/** The scopes of a source that the caller may see. */
async function scopesOf(context: Context, source: string): Promise<ScopeKey[]> {
  const scopes = (await readScopesOf(context, source)).map(({ name }) => fromScopeName(name));
  return scopes.filter((scope) => isVisible(context, scope));
}

/** The regions that have, or had, something, and those that were looked at. */
async function knownRegions(context: Context): Promise<Set<string>> {
  const visible = context.restriction?.accounts.map(fromAccountName) ?? [{}];
  const counts = await Promise.all(visible.map((of) => readCounts(context, { ...of, status: "any" }, ["region"])));
  const regions = new Set(counts.flat().flatMap((at) => at.region ?? []));
  for await (const source of readSources(context)) {
    for (const { region } of await scopesOf(context, source)) regions.add(region);
  }
  return regions;
}

/**
 * Throws 422 `query.invalid`, with what may have been meant, when a source, an account or a region is asked for of which nothing
 * is known, or nothing that the caller may know of: an empty answer would say that there is nothing in it.
 */
export async function requireKnownPlace(context: Context, asked: AskedPlace): Promise<void> {
  const { source, account, region } = asked;
  if (source !== undefined && !(await isRegistered(context, source))) {
    const sources = await knownSources(context);
    if (!sources.includes(source)) throw refuse("source", source, sources);
  }
  if (account !== undefined && !(await isKnownAccount(context, asked, account)))
    throw refuse("account", account, await knownAccounts(context));
  if (region === undefined || (await isUsed(context, asked, region))) return;
  const regions = await knownRegions(context);
  if (!regions.has(region)) throw refuse("region", region, [...regions].sort());
}

/** Whether there is, or was, anything in the region, at the cost of its counts; a caller who may not see all is told by `knownRegions`. */
async function isUsed(context: Context, { provider }: AskedPlace, region: string): Promise<boolean> {
  if (context.restriction) return false;
  return (await readCounts(context, { provider, region, status: "any" })).length > 0;
}

/**
 * The same for a place that is asked for by a pattern, such as `eu-*`: throws when nothing that is known matches. Costs a read of
 * all that is known of the kind of place.
 */
export async function requireKnownPattern(
  context: Context,
  path: "account" | "region",
  text: string,
  matches: (known: string) => boolean,
): Promise<void> {
  const known = path === "account" ? await knownAccounts(context) : [...(await knownRegions(context))].sort();
  if (!known.some(matches)) throw refuse(path, text, known);
}

/** The answer of a list, unless it is empty because nothing is known of the place that was asked for: then as `requireKnownPlace`. */
export async function understood<L extends Pick<Listed<unknown>, "items" | "cursor">>(
  context: Context,
  asked: AskedPlace & { readonly cursor?: string | undefined },
  listed: L,
): Promise<L> {
  const isEmpty = listed.items.length === 0 && listed.cursor === undefined && asked.cursor === undefined;
  if (isEmpty) await requireKnownPlace(context, asked);
  return listed;
}
