import type { BrokenIp } from "@cadastre/contract/addresses/tag";
import { fromPrefixKey } from "@cadastre/net/key";
import { contains, formatPrefix, type Prefix } from "@cadastre/net/prefix";
import { checkTags } from "./check-tags.ts";
import type { TagDefinitions } from "./definitions.ts";
import { impliedNames, implyingNames } from "./implied-names.ts";
import { resolveTags, type Tagged } from "./resolve-tags.ts";

/** That a prefix has a tag of its own. */
export interface TagUse {
  readonly tag: string;
  readonly value: string;
  /** `prefixKey` of the prefix. */
  readonly at: string;
  /** Its id. */
  readonly ip: string;
}

/**
 * The tags whose use says whether prefixes would be wrong, when some tags imply other things than before, or come down where they did not: those
 * that they implied or imply, in turn, and all that imply one of these. None where nothing can be: then nothing has to be read.
 */
export function namesAtStake(before: TagDefinitions, after: TagDefinitions, names: readonly string[]): Set<string> {
  const implied = new Set([...impliedNames(before, names), ...impliedNames(after, names)]);
  return implied.size === 0 ? implied : implyingNames(after, [...names, ...implied]);
}

interface Node extends Tagged {
  readonly at: Prefix;
  readonly id: string;
}

/** Prefixes with those of their own tags that were read, in the order of addresses, each before what it contains. */
function nodesOf(uses: readonly TagUse[]): Node[] {
  const nodes = new Map<string, { at: Prefix; id: string; tags: [string, string][] }>();
  const sorted = uses.toSorted((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
  for (const { tag, value, at: key, ip } of sorted) {
    const node = nodes.get(key) ?? { at: fromPrefixKey(key), id: ip, tags: [] };
    node.tags.push([tag, value]);
    nodes.set(key, node);
  }
  return [...nodes.values()].map(({ at, id, tags }) => ({
    at,
    id,
    prefix: formatPrefix(at),
    tags: Object.fromEntries(tags),
  }));
}

/**
 * Prefixes whose tags do not fit by the definitions, each once for each of its own errors, in the order of addresses. `uses` are all uses of the tags
 * that are at stake: other tags change nothing about them. What has no tags of its own is wrong only with what has, so each of these is looked at with
 * what would be below it, too. Pure.
 */
export function brokenBy(definitions: TagDefinitions, uses: readonly TagUse[]): BrokenIp[] {
  const broken: BrokenIp[] = [];
  const told = new Set<string>();
  let above: Node[] = [];
  for (const node of nodesOf(uses)) {
    above = above.filter(({ at }) => contains(at, node.at));
    above.unshift(node);
    const { errors } = resolveTags(definitions, above);
    const below = resolveTags(definitions, [{ prefix: "", tags: {} }, ...above]).errors;
    // What is wrong further up is told there: such an error names its prefixes.
    const resolved = [...errors, ...below].filter(({ message }) => !told.has(message) && told.add(message));
    const wrong = [...checkTags(definitions, node.tags), ...resolved];
    broken.push(...wrong.map((error) => ({ id: node.id, prefix: node.prefix, ...error })));
  }
  return broken;
}
