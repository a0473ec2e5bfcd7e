import { fromAccountName } from "@cadastre/contract/account";
import type { KindName } from "@cadastre/contract/kinds/names";
import { kindOfId } from "@cadastre/contract/resource";
import { PROVIDERS } from "@cadastre/contract/scope";
import type { Resource } from "@cadastre/contract/view";
import type { Context } from "../context.ts";
import { toSaid } from "../said/annotate.ts";
import { SaidItem } from "../said/items.ts";
import { ownerEntries, partitions, type Standing } from "../subjects/keys.ts";
import { NETWORKED } from "../subjects/kinds-with.ts";
import { isOpen, matchesPattern, type Pattern } from "../subjects/pattern.ts";
import type { Scope } from "../subjects/scope.ts";
import { defineSubject, type IndexRange, type Needs } from "../subjects/subject.ts";
import { readCounts } from "./counts.ts";
import {
  accountsOf,
  facetsOfItem,
  INSIDE,
  indexedAs,
  placeHash,
  RESOURCE,
  resourceEntries,
  targetHash,
} from "./entries.ts";
import { ANSWERED, type FoundResource, resourceFacts } from "./facts.ts";
import { isConfirmed, ResourceItem, resourceSubject } from "./items.ts";
import { createLastSeen, isVisibleResource, keyOfId, readEndedOf, seenBy, toResources } from "./view.ts";

const listOf = (standing: Standing, kind: KindName, beginning: string): IndexRange => ({
  partition: partitions.list(standing, kind),
  ...(beginning === "" ? {} : { sort: { beginsWith: beginning } }),
  rank: `${kind}#${beginning}`,
  kind,
});

/** A network, or a subnet of it, as what is inside begins in sort keys. */
const placeOf = (network: string, subnet: string | undefined): string =>
  `${placeHash("network", network)}/${subnet === undefined ? "" : `${placeHash("subnet", subnet)}/`}`;

const relationsTo = (standing: Standing, id: string, rank: string): IndexRange => ({
  partition: partitions.relation(standing, targetHash(id)),
  rank,
});

/**
 * Where everything is that is in a network, or names it otherwise: in the lists of the place that it belongs to, and in the relations to it.
 * What is in a subnet may name that alone, and no network: Compute Engine says so of reserved addresses.
 */
function networkRanges(standing: Standing, network: string, subnet?: string): IndexRange[] {
  const named = kindOfId(network);
  const relations =
    subnet === undefined
      ? [relationsTo(standing, network, "~")]
      : [
          { ...relationsTo(standing, network, "~"), sort: { beginsWith: `${INSIDE}/${placeOf(network, subnet)}` } },
          relationsTo(standing, subnet, "~~"),
        ];
  if (named?.account === undefined) return relations;
  const { provider, account, region } = named;
  // What is in a global network stands under its own region.
  const inside = region === "global" ? "" : `${region}/${placeOf(network, subnet)}`;
  return [...NETWORKED.map((kind) => listOf(standing, kind, `${provider}/${account}/${inside}`)), ...relations];
}

/** Where those stand in the index that name a resource by its natural id; the register need not have it. */
export function referringRanges(id: string, resource: ResourceItem | undefined, standing: Standing): IndexRange[] {
  const network = resource && facetsOfItem(resource).network;
  if (kindOfId(id)?.kind === "network") return networkRanges(standing, id);
  if (resource?.kind === "subnet" && network !== undefined) return networkRanges(standing, network, id);
  return [relationsTo(standing, id, "")];
}

/**
 * Beginnings of the places in lists, which are sorted by provider, account and region. Who is limited to accounts finds all that it
 * may see in their lists, also what another owns and shows to them. Others' lists are not read for it: their length would tell of them.
 */
function accountBeginnings({ restriction }: Context, { providers, accounts }: Scope): string[] {
  if (restriction) {
    const own = restriction.accounts.map(fromAccountName).filter(({ provider }) => providers.includes(provider));
    const asked = own.filter(({ account }) => accounts?.some((pattern) => matchesPattern(pattern, account)));
    const some = asked.length > 0 && !accounts?.some(isOpen) ? asked : own;
    return some.map(({ provider, account }) => `${provider}/${account}/`);
  }
  if (accounts && !accounts.some(isOpen))
    return providers.flatMap((provider) => accounts.map(({ pieces }) => `${provider}/${pieces[0]}/`));
  if (accounts) return providers.flatMap((provider) => accounts.map(({ pieces }) => `${provider}/${pieces[0]}`));
  return providers.length === PROVIDERS.length ? [""] : providers.map((provider) => `${provider}/`);
}

/** The lists of a region have it in the middle of their order; the places that are counted say which accounts it is used by. */
async function regionLists(context: Context, scope: Scope, standing: Standing): Promise<IndexRange[]> {
  const regions = (scope.regions ?? []).map(({ pieces }) => pieces[0]);
  const counts = regions.map((region) => readCounts(context, { status: standing, region }, ["account"]));
  const places = (await Promise.all(counts)).flat();
  return places
    .filter(({ kind, provider }) => scope.kinds.includes(kind) && scope.providers.includes(provider))
    .map((at) => listOf(standing, at.kind, `${at.provider}/${at.account}/${at.region}/`));
}

/** Whether an entry of a list, by its place, can be of the accounts and regions of a scope; of a limited caller's any may be another's. */
function accepts({ restriction }: Context, scope: Scope): ((sortKey: string) => boolean) | undefined {
  const { regions } = scope;
  const accounts = restriction ? undefined : scope.accounts;
  if (accounts === undefined && regions === undefined) return undefined;
  return (sortKey) => {
    const [, account = "", region = ""] = sortKey.split("/", 3);
    const isOne = (of: readonly Pattern[] | undefined, text: string) =>
      of?.some((pattern) => matchesPattern(pattern, text)) ?? true;
    return isOne(accounts, account) && isOne(regions, region);
  };
}

async function resourceLists(context: Context, scope: Scope, standing: Standing): Promise<IndexRange[]> {
  const { kinds, accounts, regions } = scope;
  const isRegion = regions !== undefined && !regions.some(isOpen);
  const ofAccounts = context.restriction !== undefined || (accounts !== undefined && !accounts.some(isOpen));
  if (isRegion && !ofAccounts) return withFilter(context, await regionLists(context, scope, standing), scope);
  const within = isRegion ? regions.map(({ pieces }) => `${pieces[0]}/`) : [""];
  const beginnings = accountBeginnings(context, scope).flatMap((one) => within.map((region) => `${one}${region}`));
  return withFilter(
    context,
    kinds.flatMap((kind) => beginnings.map((beginning) => listOf(standing, kind, beginning))),
    scope,
  );
}

function withFilter(context: Context, ranges: readonly IndexRange[], scope: Scope): IndexRange[] {
  const filter = accepts(context, scope);
  return ranges.map((range) => (filter ? { ...range, accepts: filter } : range));
}

async function readFound(
  context: Context,
  keys: readonly string[],
  needs: Needs = { said: false, seen: false, confirmed: false },
): Promise<(FoundResource | undefined)[]> {
  const [resources, said] = await Promise.all([
    context.table.getMany(
      ResourceItem,
      keys.map((key) => ({ idHash: key })),
    ),
    needs.said
      ? context.table.getMany(
          SaidItem,
          keys.map((key) => ({ subject: resourceSubject(key) })),
        )
      : [],
  ]);
  const lastSeen = needs.seen
    ? await createLastSeen(
        context,
        resources.filter((one) => one !== undefined),
      )
    : () => undefined;
  const ended = needs.confirmed ? await readEndedOf(context, resources) : undefined;
  return resources.map(
    (resource, at) =>
      resource && {
        ...resource,
        ...toSaid(said[at]),
        seenAt: lastSeen(resource),
        ...(context.restriction ? { shownIn: accountsOf({ ...resource, ...seenBy(context, resource) }) } : {}),
        ...(ended ? { confirmed: isConfirmed(resource, ended) } : {}),
      },
  );
}

export const ResourceSubject = defineSubject<FoundResource, Resource>({
  type: RESOURCE,
  answers: ANSWERED,
  entries: (resource) => [...resourceEntries(resource), ...ownerEntries(indexedAs(resource), resource.owner ?? "")],
  read: readFound,
  isVisible: isVisibleResource,
  facts: resourceFacts,
  list: resourceLists,
  named: (text) => {
    const key = keyOfId(text);
    return key === undefined ? [] : [key];
  },
  async referring(context, text, standing) {
    const key = keyOfId(text);
    const [resource] = key === undefined ? [] : await readFound(context, [key]);
    return referringRanges(resource?.id ?? text, resource, standing);
  },
  view: toResources,
});
