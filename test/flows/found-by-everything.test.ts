import { idHash } from "@cadastre/contract/digest";
import type { Context } from "@cadastre/core/context";
import { ResourceItem } from "@cadastre/core/register/items";
import { annotateResource } from "@cadastre/core/register/resources";
import { findResources } from "@cadastre/core/register/search";
import { ResourceSubject } from "@cadastre/core/register/subject";
import { matchesQuery } from "@cadastre/core/subjects/match";
import { withNetworks } from "@cadastre/core/subjects/networks";
import { parseSearch } from "@cadastre/core/subjects/parse-search";
import { conjuncts, type Query } from "@cadastre/core/subjects/query";
import type { Table } from "@cadastre/store/table";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openDynamo } from "../store/open-dynamo.ts";
import { type Clock, createTestContext } from "../support/context.ts";
import { ACCOUNT, ACTOR, aRun, instanceScope, type Raw, type SeenScope } from "../support/estate.ts";
import { allOf } from "../support/index-dump.ts";

const OTHER = "444455556666";
const REGIONS = ["us-east-1", "eu-west-1"];
const arn = (region: string, account: string, rest: string) => `arn:aws:ec2:${region}:${account}:${rest}`;

const text = fc.oneof(
  fc
    .array(fc.constantFrom("web", "Web", "prod", "0016", "16", "a", "-", ".", " ", "ü", "café", "ip-10-0-0-7", "𝒳"), {
      maxLength: 5,
    })
    .map((parts) => parts.join("")),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 12 }),
);
const address = fc.tuple(fc.constantFrom(0, 1), fc.nat({ max: 12 })).map(([a, b]) => `10.0.${a}.${b}`);
const mac = (n: number) => `0a:00:00:00:00:${n.toString(16).padStart(2, "0")}`;

const aMachine = fc.record({
  account: fc.constantFrom(ACCOUNT, OTHER),
  region: fc.constantFrom(...REGIONS),
  name: text,
  tags: fc.dictionary(fc.constantFrom("Name", "env", "Env", "#", "a/b", "owner"), text, { maxKeys: 3 }),
  addresses: fc.uniqueArray(address, { maxLength: 3 }),
  /** The network may be another account's (shared), and the subnets several. */
  owner: fc.constantFrom(ACCOUNT, OTHER),
  subnets: fc.uniqueArray(fc.constantFrom("subnet-a", "subnet-b"), { maxLength: 2 }),
  /** Some clouds say the subnet alone. */
  saysNetwork: fc.boolean(),
  state: fc.constantFrom("running", "stopped"),
  said: fc.constantFrom("", "payments", "Team Payments", "é"),
});
type Machine = typeof aMachine extends fc.Arbitrary<infer T> ? T : never;

function toRaw(machine: Machine, n: number): Raw {
  const { account, region, name, tags, addresses, owner, subnets, saysNetwork, state } = machine;
  const network = saysNetwork ? arn(region, owner, "vpc/vpc-1") : undefined;
  return {
    id: arn(region, account, `instance/i-${n}`),
    name,
    tags,
    attributes: {
      instanceId: `i-${n}`,
      state,
      type: n % 2 === 0 ? "t3.large" : "m5.large",
      image: `ami-${n % 3}`,
      ...(subnets.length > 0 ? { network } : {}),
      ...(addresses[0] ? { hostName: `ip-${addresses[0].replaceAll(".", "-")}.ec2.internal` } : {}),
      interfaces: [
        {
          privateAddresses: addresses.map((one) => ({ address: one })),
          macAddress: mac(n),
          network,
          subnet: subnets[0] && arn(region, owner, `subnet/${subnets[0]}`),
        },
        ...subnets.slice(1).map((subnet) => ({ network, subnet: arn(region, owner, `subnet/${subnet}`) })),
      ],
    },
  };
}

const FINGERPRINT = "ab".repeat(32);
/** What machines are in, and what has nothing to do with them. */
const AROUND: readonly SeenScope[] = [
  {
    key: instanceScope({ kind: "network" }),
    resources: [
      {
        id: arn("us-east-1", ACCOUNT, "vpc/vpc-1"),
        name: "Main net",
        tags: { env: "prod" },
        attributes: { networkId: "vpc-1", state: "available", blocks: [{ prefix: "10.0.0.0/16", role: "primary" }] },
      },
    ],
  },
  {
    key: instanceScope({ kind: "subnet" }),
    resources: [
      {
        id: arn("us-east-1", ACCOUNT, "subnet/subnet-a"),
        name: "web",
        tags: {},
        attributes: {
          subnetId: "subnet-a",
          network: arn("us-east-1", ACCOUNT, "vpc/vpc-1"),
          ownerAccount: ACCOUNT,
          cloudReservedCount: 5,
          blocks: [{ prefix: "10.0.0.0/29", role: "primary" }],
        },
      },
    ],
  },
  {
    key: { provider: "tls", account: "t", region: "global", kind: "certificate" },
    resources: [
      {
        id: `sha256:${FINGERPRINT}`,
        name: "web.example.com",
        tags: {},
        attributes: {
          fingerprint: FINGERPRINT,
          serialNumber: "0A16",
          subject: "CN=web.example.com",
          issuer: "CN=ca",
          subjectAltNames: ["web.example.com"],
          notBefore: "2026-01-01T00:00:00Z",
          notAfter: "2026-03-20T00:00:00Z",
          keyAlgorithm: "EC",
          signatureAlgorithm: "ecdsa-with-SHA256",
        },
      },
    ],
  },
  {
    key: { provider: "tls", account: "t", region: "global", kind: "endpoint" },
    resources: [
      {
        id: "tls://web.example.com:443",
        name: "web.example.com at 10.0.0.3",
        tags: {},
        attributes: {
          host: "web.example.com",
          port: 443,
          protocol: "tls",
          outcome: "ok",
          handshakes: [
            {
              address: "10.0.0.3",
              outcome: "ok",
              presented: [{ keyAlgorithm: "ecdsa", certificate: `sha256:${FINGERPRINT}` }],
            },
          ],
        },
      },
    ],
  },
];

/** A cut between a letter and its accent would be another text. */
const begun = (of: string, length: number) =>
  [...new Intl.Segmenter().segment(of)]
    .slice(0, length)
    .map((one) => one.segment)
    .join("");

/** Terms that ask for what is there, or nearly. */
function termsFor(raws: readonly Raw[]): string[] {
  const quoted = (one: string) => `"${one.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  const asked = `
kind:instance | kind:vpc,cert | kind:inst* | provider:aws | account:${ACCOUNT} | account:4444* | region:eu-* |
region:us-east-1,eu-west-1 | network:vpc-1 | network:"Main net" | network:main* | subnet:subnet-a |
subnet:web | status:any | status:active | status:retired | state:running | state:s* | type:t3.* |
image:ami-1 | type:resource | has:owner | has:tag | has:ip | has:expires | has:mac | owner:payments |
owner:team* | owner:"Team Payments" | owner:e | expires:<30d | expires:2026-03 | expires:>2026-04 | expires:<5d | changed:>2026-02-01 |
created:<1h | seen:<1d | seen:>1d | port:443 | mac:0a:00:* | web | we | 0016 | 16 | cafe | CAFÉ | "café" |
*prod* | * | w*b | ip-10 | 10.0 | 10.0.0. | 10.0.1.* | 10.0.0.3 | 10.0.0.3:443 | 10.0.0.3:80 |
10.0.0.2-10.0.0.9 | cidr:10.0.0.0/28 | 10.0.0.0/16 | ip:10.0.0.1,10.0.1.1 | ${mac(0)} | ${mac(1)} | tag:env |
env=prod | tag:env=p* | tag:name=web | tag:*=web | sha256:${FINGERPRINT} | sha256:ab | arn:aws:ec2 |
name:*16 | name:web* | id:i-0 | id:i-* | ab:ab:ab:ab:ab:ab:ab:ab | https://web.example.com/x
`;
  return [
    ...asked.trim().split(/ \|\s/),
    ...raws.flatMap((raw) => {
      const words = raw.name.split(/[^\p{L}\p{N}]+/u).filter((one) => one.length > 0);
      return [
        raw.id,
        `res_${idHash("instance", raw.id)}`,
        `id:${raw.id}`,
        ...(raw.name.trim() === ""
          ? []
          : [quoted(raw.name), `name:${quoted(raw.name)}`, `name:${quoted(begun(raw.name, 3))}*`]),
        ...words.map((word) => quoted(begun(word, 4))),
        ...words.flatMap((word) => (/^[\p{L}\p{N}]+$/u.test(word) ? [`x${word}`.slice(1)] : [])),
        ...Object.entries(raw.tags).flatMap(([key, value]) => [
          `tag:${quoted(key)}`,
          `tag:${quoted(key)}=${quoted(value)}`,
        ]),
      ];
    }),
  ];
}

/** How terms stand together: numbers choose among them. */
type Shape =
  | number
  | { readonly by: " " | " AND " | " OR "; readonly parts: readonly Shape[] }
  | { readonly not: Shape };
const shape = fc.letrec<{ node: Shape }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    { weight: 3, arbitrary: fc.nat() as fc.Arbitrary<Shape> },
    { weight: 1, arbitrary: tie("node").map((not): Shape => ({ not })) },
    {
      weight: 2,
      arbitrary: fc.record({
        by: fc.constantFrom(" " as const, " AND " as const, " OR " as const),
        parts: fc.array(tie("node"), { minLength: 2, maxLength: 3 }),
      }),
    },
  ),
})).node;

function toText(of: Shape, terms: readonly string[]): string {
  if (typeof of === "number") return terms[of % terms.length] as string;
  if ("not" in of) return `NOT (${toText(of.not, terms)})`;
  return of.parts.map((part) => `(${toText(part, terms)})`).join(of.by);
}

/** More than these estates can fill: one that goes on for ever is a fault. */
const MOST_PAGES = 50;

async function all(context: Context, query: Query, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const page = await findResources(context, query, { limit, cursor });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.cursor;
    pages += 1;
  } while (cursor !== undefined && pages < MOST_PAGES);
  expect(pages, query.text).toBeLessThan(MOST_PAGES);
  return ids;
}

/** What a look at every resource finds: no index, no plan. */
async function byLooking(context: Context, query: Query): Promise<string[]> {
  const keys = (await allOf(context, ResourceItem)).map((item) => item.idHash);
  const items = (await ResourceSubject.read(context, keys, { said: true, seen: true, confirmed: true })).filter(
    (item) => item !== undefined,
  );
  const matching = (of: Query) => items.filter((item) => matchesQuery(ResourceSubject.facts(item), of));
  const known = await withNetworks(async (of) => ({ ids: matching(of).map(({ id }) => id), hasMore: false }), query);
  const found = matching(known);
  // A whole id that stands beside other terms means its own resource, and else what refers to it.
  const named = conjuncts(known.tree).find((part) => part.type === "term" && part.field === "named");
  const itself =
    named?.type === "term" && named.field === "named"
      ? found.filter((one) => ResourceSubject.facts(one).is(named.id))
      : [];
  return (itself.length > 0 ? itself : found).map(({ id }) => id).sort();
}

async function anEstate(machines: readonly Machine[], over: { table?: Table; clock?: Clock }) {
  const { context } = await createTestContext(over);
  const raws = machines.map(toRaw);
  const places = Map.groupBy(raws, (raw) => raw.id.split(":").slice(3, 5).join(" "));
  const scopes = [...places].map(([place, resources]): SeenScope => {
    const [region = "", account = ""] = place.split(" ");
    return { key: instanceScope({ region, account }), resources };
  });
  await aRun([...scopes, ...AROUND]).deliver(context);
  for (const [n, { said }] of machines.entries())
    if (said !== "") await annotateResource(context, ACTOR, raws[n]?.id as string, { owner: said });
  return { context, raws };
}

async function holds(machines: readonly Machine[], shapes: readonly Shape[], limit: number, over = {}): Promise<void> {
  const { context, raws } = await anEstate(machines, over);
  const terms = termsFor(raws);
  for (const of of shapes) {
    const q = toText(of, terms);
    let query: Query;
    try {
      query = parseSearch(q, context.now());
    } catch (error) {
      // What nothing can be, and too much at once, is refused; made-up searches ask for it often.
      expect((error as { code?: string }).code).toBe("query.invalid");
      continue;
    }
    const right = await byLooking(context, query);
    const found = await all(context, query, limit).catch((error: { code?: string; message: string }) => {
      expect(error, q).toMatchObject({
        code: "query.invalid",
        message: expect.stringMatching(/is known by this name|has this/),
      });
      return [];
    });
    expect([...found].sort(), q).toEqual(right);
  }
}

const machines = fc.array(aMachine, { minLength: 1, maxLength: 5 });
const page = fc.integer({ min: 1, max: 3 });

describe("a search", () => {
  it("finds exactly what a look at every resource finds, each once over all pages, by each of its terms", async () => {
    await fc.assert(
      fc.asyncProperty(machines, page, (some, limit) =>
        holds(
          some,
          Array.from({ length: termsFor(some.map(toRaw)).length }, (_, at) => at),
          limit,
        ),
      ),
      { numRuns: 4, endOnFailure: true },
    );
  });

  it("does so for terms that are joined, negated and grouped in any way", async () => {
    await fc.assert(
      fc.asyncProperty(machines, fc.array(shape, { minLength: 20, maxLength: 40 }), page, (some, shapes, limit) =>
        holds(some, shapes, limit),
      ),
      { numRuns: 10, endOnFailure: true },
    );
  });

  it("does so over DynamoDB", async () => {
    const opened = await openDynamo();
    try {
      await fc.assert(
        fc.asyncProperty(machines, fc.array(shape, { minLength: 30, maxLength: 40 }), (some, shapes) =>
          holds(some, shapes, 3, { table: opened.table, clock: opened.clock }),
        ),
        { numRuns: 1, endOnFailure: true },
      );
    } finally {
      await opened.close();
    }
  });
});
