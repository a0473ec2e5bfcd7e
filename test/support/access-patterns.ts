import { fileURLToPath } from "node:url";
import { ENTITIES } from "@cadastre/core/entities";
import { parseAddress } from "@cadastre/net/address";
import { addressKey, prefixKey } from "@cadastre/net/key";
import { parsePrefix } from "@cadastre/net/prefix";
import { describeEntities } from "@cadastre/store/describe";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Stands for any prefix: a key has it in the form that sorts as addresses do. */
const PREFIX = "10.0.0.0/8";
const PREFIXES: readonly string[] = ["prefix", "parent"];
/** The same of an address. */
const ADDRESS = "10.0.0.0";
const namesPlaces = (key: string): string =>
  String(key)
    .replaceAll(prefixKey(parsePrefix(PREFIX)), "{prefix}")
    .replaceAll(addressKey(parseAddress(ADDRESS)), "{start}");

/** Stands for any item: each of its fields is its own name in braces, so that a key shows what it is built of. */
function fields(end: string, path = ""): object {
  const text = `{${path}}${end}`;
  return new Proxy(
    {},
    {
      get(_, name) {
        if (name === Symbol.toPrimitive) return () => text;
        if (path === "" && PREFIXES.includes(String(name))) return PREFIX;
        if (path === "" && name === "start") return ADDRESS;
        if (path !== "" && name === "length") return text.length;
        if (path !== "" && name === "charCodeAt") return text.charCodeAt.bind(text);
        return fields(end, `${path === "" ? "" : `${path}.`}${String(name)}`);
      },
    },
  );
}
const FIELDS = fields("");

/** A partition that is one of a fixed number by a field's hash shows as `{slot}`: it is another one for another value. */
function partitionOf(of: (item: object) => string): string {
  const shown = of(FIELDS);
  const isSlot = ["0", "1", "2", "3"].some((end) => /#\d+$/.test(shown) && of(fields(end)) !== shown);
  return isSlot ? shown.replace(/\d+$/, "{slot}") : shown;
}

/** docs/access-patterns.md, made from the entities and their source. */
export function accessPatterns(): string {
  const rows = ENTITIES.toSorted((a, b) => (a.type < b.type ? -1 : 1)).map(({ type, key }) => {
    return `| \`${type}\` | \`${partitionOf(key.partition)}\` | \`${namesPlaces(key.sort(FIELDS))}\` |`;
  });
  return `# Access patterns

Made by \`npm run docs\` from the entities in \`packages/core\`; a test fails when it is not up to date.

One table, keys \`pk\` and \`sk\`, no scans in a request, and no secondary index: what is looked up has a key of its own.

${describeEntities(ENTITIES)}
## Keys

| type | partition | sort |
|---|---|---|
${rows.join("\n")}

## What a use case costs

Units by DynamoDB's published rules, the same on both drivers; the budgets are tests (\`test/flows/budget.test.ts\`). Each signed
request adds one strong read (the collector) and one write (its nonce).

| use case | reads | writes |
|---|---|---|
| unchanged run, any size | its set | its set, and once a day an audit record |
| changed run: open | its set, the ledger's pages that differ, each changed scope with its shard pages | those pages, its set, each changed scope's lease, the run, an audit record |
| a shard | scope, manifest, the resources that differ | those resources with event and index, the manifest, an audit record |
| complete | run, each changed scope with the manifests it sent, the ledger's pages of these scopes | shard pages, scopes, those pages, its set, the run, an audit record |
| find by address | the prefix lengths in use, then one exact range for each | – |
| find by tag, word, owner, end, network, account, kind | one range of the index (of each kind or provider), then the subjects it proposes | – |
| find by region alone | the places of the region that have resources, then a range of each | – |
| count by kind, status, provider, region | the counters of the regions | – |
| count of an account or a place | half a unit for each provider | – |
| when a resource was last seen | for each scope that has it a page of the ledger and its set | – |
| status of all scopes | the ledger of each source, the scopes of the page | – |
`;
}
