import type { Resource } from "@cadastre/contract/view";
import { parseAddress } from "@cadastre/net/address";
import { contains, hostPrefix, parsePrefix } from "@cadastre/net/prefix";
import type { Facts } from "../facts.ts";
import type { Random } from "../random.ts";
import type { Reader } from "../reader.ts";

const MOST_QUESTIONS = 4;

interface Question {
  readonly query: string;
  readonly matches: (resource: Resource) => boolean;
}

/** The prefixes of the kinds that the simulated clouds have. */
function prefixesOf({ attributes }: Resource): string[] {
  const { blocks = [], interfaces = [] } = attributes as {
    blocks?: { prefix: string }[];
    interfaces?: { privateAddresses: { address: string }[] }[];
  };
  return [
    ...blocks.map(({ prefix }) => prefix),
    ...interfaces.flatMap((one) => one.privateAddresses.map(({ address }) => `${address}/32`)),
  ];
}

function differs(found: readonly string[], right: readonly string[]): string {
  if ([...new Set(found)].sort().join() === [...right].sort().join()) {
    return `finds ${found.find((id, at) => found.indexOf(id) !== at) ?? "in another order"} twice`;
  }
  return `finds ${found.join() || "nothing"}, not ${right.join() || "nothing"}`;
}

const accountsOf = ({ account, observedBy }: Resource) => [
  account,
  ...observedBy.map(({ scope }) => scope.split("/")[1]),
];

function questionsOf(resource: Resource): Question[] {
  const { kind, account, region, status } = resource;
  const questions: Question[] = [
    { query: `kind=${kind}&status=${status}`, matches: (one) => one.kind === kind && one.status === status },
    {
      query: `account=${account}&status=${status}`,
      matches: (one) => one.status === status && accountsOf(one).includes(account),
    },
    { query: `region=${region}&status=${status}`, matches: (one) => one.status === status && one.region === region },
  ];
  if (status === "retired") return questions;
  const isActive = (one: Resource) => one.status === "active";
  for (const text of prefixesOf(resource)) {
    const address = text.slice(0, text.indexOf("/"));
    const wanted = hostPrefix(parseAddress(address));
    const holds = (one: Resource) => prefixesOf(one).some((prefix) => contains(parsePrefix(prefix), wanted));
    questions.push({ query: `ip=${address}`, matches: (one) => isActive(one) && holds(one) });
  }
  const { revision } = resource.tags;
  if (revision !== undefined) {
    questions.push({
      query: `tag=revision%3D${revision}`,
      matches: (one) => isActive(one) && one.tags.revision === revision,
    });
  }
  if (resource.name !== "") {
    questions.push({ query: `name=${resource.name}`, matches: (one) => isActive(one) && one.name === resource.name });
  }
  return questions;
}

/** Every search finds exactly what a look at every resource finds, on pages of any size. */
export async function judgeSearch(facts: Facts, reader: Reader, random: Random): Promise<string[]> {
  const { resources } = facts;
  if (resources.length === 0) return [];
  const problems: string[] = [];
  const questions = new Map(resources.flatMap(questionsOf).map((question) => [question.query, question]));
  const all = [...questions.values()];
  const some = all.length <= MOST_QUESTIONS ? all : Array.from({ length: MOST_QUESTIONS }, () => random.pick(all));
  for (const { query, matches } of some) {
    const limit = random.chance(0.3) ? 1 + random.below(4) : 200;
    const found = (await reader.list<Resource>(`/api/v1/resources?${query}`, limit)).map(({ id }) => id).sort();
    const right = resources
      .filter(matches)
      .map(({ id }) => id)
      .sort();
    if (found.join() !== right.join()) problems.push(`search ${query} (pages of ${limit}) ${differs(found, right)}`);
  }
  const limit = 1 + random.below(8);
  const paged = (await reader.list<Resource>("/api/v1/resources?status=any", limit)).map(({ id }) => id);
  const whole = resources.map(({ id }) => id);
  if (paged.join() !== whole.join()) problems.push(`the list in pages of ${limit} ${differs(paged, whole)}`);
  return problems;
}
