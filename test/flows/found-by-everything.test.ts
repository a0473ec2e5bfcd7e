import { idHash } from "@cadastre/contract/digest";
import { resourceSchema } from "@cadastre/contract/resource";
import type { Context } from "@cadastre/core/context";
import { facetsOfItem } from "@cadastre/core/register/entries";
import { ResourceItem } from "@cadastre/core/register/items";
import { findResources } from "@cadastre/core/register/search";
import { ResourceSubject } from "@cadastre/core/register/subject";
import type { StoredResource } from "@cadastre/core/register/view";
import { type Filters, NO_FILTERS } from "@cadastre/core/subjects/filters";
import { searchedWords } from "@cadastre/core/subjects/words";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { ACCOUNT, aRun, instanceScope, type Raw, type SeenScope } from "../support/estate.ts";
import { allOf } from "../support/index-dump.ts";

const OTHER = "444455556666";
const REGIONS = ["us-east-1", "eu-west-1"];
const arn = (region: string, account: string, rest: string) => `arn:aws:ec2:${region}:${account}:${rest}`;

const text = fc.oneof(
  fc
    .array(fc.constantFrom("web", "Web", "prod", "0016", "a", "-", ".", " ", "ü", "ip-10-0-0-7", "𝒳"), { maxLength: 5 })
    .map((parts) => parts.join("")),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 12 }),
);
const address = fc.tuple(fc.constantFrom(0, 1), fc.nat({ max: 12 })).map(([a, b]) => `10.0.${a}.${b}`);

const aMachine = fc.record({
  account: fc.constantFrom(ACCOUNT, OTHER),
  region: fc.constantFrom(...REGIONS),
  name: text,
  tags: fc.dictionary(fc.constantFrom("Name", "env", "Env", "#", "a/b", "owner"), text, { maxKeys: 3 }),
  addresses: fc.uniqueArray(address, { maxLength: 3 }),
  /** The network may be another account's (shared), and the subnets several. */
  owner: fc.constantFrom(ACCOUNT, OTHER),
  subnets: fc.uniqueArray(fc.constantFrom("subnet-a", "subnet-b"), { maxLength: 2 }),
});

function toRaw(machine: typeof aMachine extends fc.Arbitrary<infer T> ? T : never, n: number): Raw {
  const { account, region, name, tags, addresses, owner, subnets } = machine;
  const network = arn(region, owner, "vpc/vpc-1");
  return {
    id: arn(region, account, `instance/i-${n}`),
    name,
    tags,
    attributes: {
      instanceId: `i-${n}`,
      state: "running",
      type: "t",
      ...(subnets.length > 0 ? { network } : {}),
      ...(addresses[0] ? { hostName: `ip-${addresses[0].replaceAll(".", "-")}.ec2.internal` } : {}),
      interfaces: [
        {
          privateAddresses: addresses.map((one) => ({ address: one })),
          network,
          subnet: subnets[0] && arn(region, owner, `subnet/${subnets[0]}`),
        },
        ...subnets.slice(1).map((subnet) => ({ network, subnet: arn(region, owner, `subnet/${subnet}`) })),
      ],
    },
  };
}

async function all(context: Context, filters: Filters, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await findResources(context, filters, { limit, cursor });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return ids;
}

/** Every search that a resource's own facets answer. */
function searchesFor(raw: Raw, account: string, region: string): Partial<Filters>[] {
  const { attributes } = resourceSchema("instance").parse(raw);
  const facets = facetsOfItem({ kind: "instance", id: raw.id, attributes: { ...attributes } });
  const words = searchedWords(raw.name, [...facets.words, ...Object.values(raw.tags)]);
  // A cut between a letter and its accent would be another text.
  const characters = [...raw.name.normalize("NFC")];
  return [
    {},
    { kind: "instance" },
    { provider: "aws" },
    { account },
    { region },
    { account, region, kind: "instance" },
    { region, kind: "instance" },
    // A star in a search stands for any characters.
    ...(raw.name.includes("*")
      ? []
      : [
          { name: raw.name },
          { name: `${characters.slice(0, 3).join("")}*` },
          { name: `*${characters.slice(-2).join("")}` },
        ]),
    { words: [raw.id] },
    { words: [`res_${idHash("instance", raw.id)}`] },
    { words: [raw.id.slice(0, 30)] },
    ...words.flatMap((word) => [
      { words: [word] },
      { words: [[...word].slice(0, 2).join("")] },
      { words: [[...word].slice(0, 5).join("")] },
    ]),
    ...Object.entries(raw.tags).flatMap(([key, value]) => [{ tags: [{ key }] }, { tags: [{ key, value }] }]),
    ...facets.prefixes.flatMap((prefix) => [{ ip: prefix.split("/")[0] }, { cidr: prefix }, { cidr: "10.0.0.0/16" }]),
    ...facets.relations.flatMap(({ type, to }) =>
      type === "in-network" ? [{ network: to }, { network: "vpc-1" }] : [],
    ),
  ];
}

/** Each search once, and pairs of them together: at most so many, spread over all of them. */
function someOf(searches: readonly Partial<Filters>[], most: number): Filters[] {
  const one = searches.map((filters) => ({ ...NO_FILTERS, ...filters }));
  const both = searches.map((filters, at) => ({
    ...NO_FILTERS,
    ...filters,
    ...searches[(at * 7 + 3) % searches.length],
  }));
  const distinct = [...new Map([...one, ...both].map((filters) => [JSON.stringify(filters), filters])).values()];
  const step = Math.max(1, Math.ceil(distinct.length / most));
  return distinct.filter((_, at) => at % step === 0);
}

describe("a search", () => {
  it("built from what resources are finds exactly those that match, whatever they are, each once over all pages", async () => {
    const machines = fc.array(aMachine, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(machines, fc.integer({ min: 1, max: 3 }), async (some, limit) => {
        const { context } = await createTestContext();
        const raws = some.map(toRaw);
        const places = Map.groupBy(raws, (raw) => raw.id.split(":").slice(3, 5).join(" "));
        const scopes = [...places].map(([place, resources]): SeenScope => {
          const [region = "", account = ""] = place.split(" ");
          return { key: instanceScope({ region, account }), resources };
        });
        await aRun(scopes).deliver(context);
        const stored = await allOf(context, ResourceItem);
        expect(stored).toHaveLength(raws.length);
        const searches = raws.flatMap((raw) => {
          const [, , , region = "", account = ""] = raw.id.split(":");
          const own = searchesFor(raw, account, region);
          const item = stored.find(({ id }) => id === raw.id) as StoredResource;
          for (const filters of own)
            expect(ResourceSubject.matches(item, { ...NO_FILTERS, ...filters }), JSON.stringify(filters)).toBe(true);
          return own;
        });
        for (const filters of someOf(searches, 60)) {
          const matching = stored.filter((item) => ResourceSubject.matches(item as StoredResource, filters));
          const found = await all(context, filters, limit);
          expect(found.toSorted(), JSON.stringify(filters)).toEqual(matching.map(({ id }) => id).sort());
        }
      }),
      { numRuns: 30 },
    );
  });
});
