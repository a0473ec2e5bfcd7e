import { type accountName, accountNameOf } from "@cadastre/contract/account";
import { ProblemError } from "@cadastre/contract/errors";
import type { KindName } from "@cadastre/contract/kinds/names";
import type { AddressUse, Holder, PlannedUse, Whose } from "@cadastre/contract/whose";
import { type Address, formatAddress } from "@cadastre/net/address";
import { contains, formatPrefix, hostPrefix, type Prefix, parsePrefix } from "@cadastre/net/prefix";
import type { Stored } from "@cadastre/store/table";
import type * as z from "zod";
import { AccountItem } from "../accounts/items.ts";
import { IpSubject } from "../addresses/search/subject.ts";
import type { IpItem } from "../addresses/tree/items.ts";
import type { Context } from "../context.ts";
import { EventItem } from "../feed/items.ts";
import { facetsOfItem } from "../register/entries.ts";
import type { FoundResource } from "../register/facts.ts";
import { isConfirmed, resourceSubject } from "../register/items.ts";
import { ResourceSubject } from "../register/subject.ts";
import { createLastSeen, readEndedOf, reportersOf, seenBy } from "../register/view.ts";
import { isVisible, nothingHas } from "../restriction.ts";
import { SaidItem } from "../said/items.ts";
import { AddressRefused, type AskedAddress, readAskedAddress } from "../subjects/asked-address.ts";
import { toExactPattern } from "../subjects/pattern.ts";
import { collect, prepareSearch } from "../subjects/prepare.ts";
import { allOf, type Term } from "../subjects/query.ts";

/** Most things with one address that are told: every default network of AWS has the same. */
const MOST_HOLDERS = 100;
/** Most planned prefixes around one address that are told, of all address spaces together. */
const MOST_PLANNED = 200;

/** What is around comes before what is in it, where both have the same prefix. */
const ORDER: readonly KindName[] = ["network", "subnet", "address", "interface", "instance", "endpoint", "certificate"];

function refuse(message: string): ProblemError {
  return new ProblemError("query.invalid", `address: ${message}`, { errors: [{ path: "address", message }] });
}

function oneAddress(text: string): Extract<AskedAddress, { has: Address }> {
  try {
    const [asked, ...others] = readAskedAddress(text.trim());
    if (asked && others.length === 0 && "has" in asked) return asked;
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    const isName = /[g-z]/i.test(text);
    throw refuse(isName ? "one address is asked for; ids and names are found by a search" : error.message);
  }
  throw refuse("one address is asked for; what is inside a prefix or a range is found by a search");
}

/** The longest prefix of a resource that has the address. */
function closestPrefix(resource: FoundResource, host: Prefix): Prefix | undefined {
  const around = facetsOfItem(resource)
    .prefixes.map((text) => parsePrefix(text))
    .filter((prefix) => contains(prefix, host));
  return around.sort((a, b) => b.length - a.length)[0];
}

/** What people say of resources, with who said it last, which the event of saying it has. */
async function readSaid(context: Context, resources: readonly FoundResource[]) {
  const subjects = resources.map(({ idHash }) => resourceSubject(idHash));
  const said = await context.table.getMany(
    SaidItem,
    subjects.map((subject) => ({ subject })),
  );
  const stored = said.filter((one) => one !== undefined);
  const events = await context.table.getMany(
    EventItem,
    stored.map(({ subject, changedAt, sequence }) => ({ subject, at: changedAt, stream: "s" as const, sequence })),
  );
  const byKey = new Map(stored.map((one, at) => [one.subject.key, { ...one, by: events[at]?.actor ?? "" }]));
  return ({ idHash }: FoundResource): Holder["said"] => {
    const one = byKey.get(idHash);
    if (one === undefined || (one.owner === "" && one.notes === "")) return undefined;
    return { owner: one.owner, notes: one.notes, by: one.by, at: one.changedAt };
  };
}

async function toHolders(context: Context, resources: readonly FoundResource[], host: Prefix): Promise<Holder[]> {
  const [said, lastSeen, ended] = await Promise.all([
    readSaid(context, resources),
    createLastSeen(context, resources),
    readEndedOf(context, resources),
  ]);
  const holders = resources.flatMap((resource) => {
    const prefix = closestPrefix(resource, host);
    const { network, relations } = facetsOfItem(resource);
    const presented = relations.filter(({ type }) => type === "presents").map(({ to }) => to);
    const [saidOfIt, lastSeenAt] = [said(resource), lastSeen(resource)];
    if (prefix === undefined) return [];
    const { account, claims } = seenBy(context, resource);
    const confirmed = isConfirmed(resource, ended);
    const holder: Holder = {
      id: resource.id,
      key: `res_${resource.idHash}`,
      kind: resource.kind,
      provider: resource.provider,
      account,
      region: resource.region,
      ...(network === undefined ? {} : { network }),
      name: resource.name,
      prefix: formatPrefix(prefix),
      ...(saidOfIt ? { said: saidOfIt } : {}),
      observedBy: claims,
      confirmed,
      ...(confirmed ? {} : { reportedBy: reportersOf({ provider: resource.provider, claims }, ended) }),
      ...(presented.length === 0 ? {} : { certificates: [...new Set(presented)] }),
      since: resource.firstSeenAt,
      ...(lastSeenAt === undefined ? {} : { lastSeenAt }),
    };
    return [{ holder, length: prefix.length }];
  });
  const order = ({ holder, length }: (typeof holders)[number]) => 10 * length + ORDER.indexOf(holder.kind);
  return holders.sort((a, b) => order(a) - order(b)).map(({ holder }) => holder);
}

type AccountName = z.output<typeof accountName>;

/** A chain is of what is confirmed, or of what is not. */
const isOfOwner = (chain: readonly Holder[]): boolean => chain.every(({ confirmed }) => confirmed);

/** What is said of the accounts of chains in which nobody says whose anything is. */
async function accountOwners(context: Context, chains: readonly Holder[][]): Promise<Map<AccountName, string>> {
  const without = chains.filter((chain) => !chain.some(({ said }) => said?.owner));
  const last = without.flatMap((chain) => chain.slice(-1)).filter((one) => isVisible(context, one));
  const places = new Map(last.map((one) => [accountNameOf(one), one]));
  const keys = [...places.values()].map(({ provider, account }) => ({ provider, account }));
  const items = await context.table.getMany(AccountItem, keys);
  return new Map([...places.keys()].map((name, at) => [name as AccountName, items[at]?.owner ?? ""]));
}

/** What others report of an account is not what its owner answers for. */
function ownerOf(chain: readonly Holder[], owners: Map<AccountName, string>): AddressUse["owner"] {
  const closest = chain.findLast(({ said }) => said?.owner);
  if (closest?.said) return { name: closest.said.owner, from: closest.id };
  const last = chain.at(-1);
  const account = last && isOfOwner(chain) ? (accountNameOf(last) as AccountName) : undefined;
  const name = account === undefined ? "" : (owners.get(account) ?? "");
  return account === undefined || name === "" ? undefined : { name, from: account };
}

export interface WhoseOptions {
  /** Only what this account has. */
  readonly account?: string | undefined;
  /** Whether the caller may know what is said of accounts. */
  readonly readsAccounts: boolean;
}

function hintFor(context: Context, address: Address, { account }: WhoseOptions): string {
  const where = account === undefined ? nothingHas(context) : `nothing of the account ${account} has`;
  return `${where} ${formatAddress(address)}, nor a prefix around it`;
}

const lastLength = ({ chain }: PlannedUse): number => Number(chain.at(-1)?.prefix.split("/")[1]);

/** What an address is planned for, in each address space that the caller may read; and whether there is more than is told. */
async function plannedFor(context: Context, text: string, asked: AskedAddress) {
  const tree = allOf({ type: "term", field: "address", any: [asked] });
  const search = await prepareSearch(context, [IpSubject], { text, tree });
  const { found, next } = await collect(context, search, MOST_PLANNED);
  // The longest come first: a chain that is not whole has its closest.
  const items = found.map(({ item }) => item as Stored<IpItem>);
  const views = await IpSubject.view(context, items);
  const uses = [...Map.groupBy(views, ({ space }) => space)].map(([space, some]): PlannedUse => {
    const chain = some.toReversed();
    const closest = chain.findLast(({ owner }) => owner !== "");
    const owner = closest && { name: closest.owner, from: closest.id };
    return { space, spaceName: some[0]?.spaceName ?? "", chain, ...(owner && { owner }) };
  });
  return { planned: uses.sort((one, other) => lastLength(other) - lastLength(one)), hasMore: next !== undefined };
}

/**
 * Whose an address is, for each network that has it: the prefixes around it, what has it, its owner (of the closest thing that
 * has one, else of the account), notes, who says so and since when. What is not confirmed stands behind, in chains of its own. Beside it what it is
 * planned for, in each address space that the caller may read; of one account nothing is planned. Throws 422 `query.invalid`. Writes nothing.
 */
export async function whoseAddress(context: Context, text: string, options: WhoseOptions): Promise<Whose> {
  const asked = oneAddress(text);
  const terms: Term[] = [
    { type: "term", field: "subject", any: ["resource"] },
    { type: "term", field: "address", any: [asked] },
    ...(options.account === undefined
      ? []
      : [{ type: "term" as const, field: "account" as const, any: [toExactPattern(options.account)] }]),
  ];
  const search = await prepareSearch(context, [ResourceSubject], { text, tree: allOf(...terms) });
  const [{ found, next }, intended] = await Promise.all([
    collect(context, search, MOST_HOLDERS),
    options.account === undefined ? plannedFor(context, text, asked) : { planned: [], hasMore: false },
  ]);
  const resources = found.map(({ item }) => item as FoundResource);
  const holders = await toHolders(context, resources, hostPrefix(asked.has));
  const chains = [true, false].flatMap((confirmed) => {
    const some = holders.filter((holder) => holder.confirmed === confirmed);
    const byNetwork = [...Map.groupBy(some, ({ network }) => network ?? "")];
    return byNetwork.map(([network, chain]) => ({ network, chain }));
  });
  const owners = options.readsAccounts
    ? await accountOwners(
        context,
        chains.map(({ chain }) => chain),
      )
    : new Map();
  const lengthOf = (chain: readonly Holder[]) => Number(chain.at(-1)?.prefix.split("/")[1]);
  const items = chains
    .sort(
      (a, b) =>
        Number(isOfOwner(b.chain)) - Number(isOfOwner(a.chain)) ||
        lengthOf(b.chain) - lengthOf(a.chain) ||
        (a.network < b.network ? 1 : -1),
    )
    .map(({ network, chain }): AddressUse => {
      const owner = ownerOf(chain, owners);
      return { ...(network === "" ? {} : { network }), chain, ...(owner ? { owner } : {}) };
    });
  return {
    address: formatAddress(asked.has),
    ...(asked.port === undefined ? {} : { port: asked.port }),
    items,
    planned: intended.planned,
    hasMore: next !== undefined || intended.hasMore,
    ...(items.length === 0 && intended.planned.length === 0 && next === undefined
      ? { hint: hintFor(context, asked.has, options) }
      : {}),
  };
}
