import { firstAddress, formatPrefix, type Prefix, parsePrefix, prefixOf } from "@cadastre/net/prefix";
import type { Stored } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { readTagDefinitions, type TagDefinitions } from "../tags/definitions.ts";
import type { PrefixRow } from "../transfer/convert/records.ts";
import { readLengths } from "../tree/chain.ts";
import { IpItem } from "../tree/items.ts";
import { settle } from "../tree/pending.ts";

/** What some rows meet in a space. */
export interface Met {
  readonly definitions: TagDefinitions;
  /** What is planned of a prefix, of those of the rows and all that contains them. */
  readonly planned: (prefix: string) => Stored<IpItem> | undefined;
  /** What contains a prefix, nearest first. */
  readonly containing: (at: Prefix) => Stored<IpItem>[];
  /** A prefix that is planned from now on, for the rows after it. */
  readonly add: (item: IpItem) => void;
}

/**
 * What is planned of the prefixes of some rows, and what contains them: read strongly, each once, however many rows are in it. A read
 * for each family, one of tags, and one of all prefixes that can be meant.
 */
export async function meet(context: Context, space: string, rows: readonly Pick<PrefixRow, "prefix">[]): Promise<Met> {
  const { table } = context;
  await settle(context, space);
  const [four, six, definitions] = await Promise.all([
    readLengths(table, space, 4),
    readLengths(table, space, 6),
    readTagDefinitions(context, space),
  ]);
  const lengths = { 4: [...four.lengths], 6: [...six.lengths] };
  const aboveOf = (at: Prefix): string[] =>
    lengths[at.family]
      .filter((length) => length < at.length)
      .sort((one, other) => other - one)
      .map((length) => formatPrefix(prefixOf(firstAddress(at), length)));
  const wanted = new Set(rows.flatMap(({ prefix }) => [prefix, ...aboveOf(parsePrefix(prefix))]));
  const keys = [...wanted].map((prefix) => ({ space, prefix }));
  const found = await table.getMany(IpItem, keys, { consistent: true });
  const known = new Map(found.flatMap((item) => (item ? [[item.prefix, item]] : [])));
  return {
    definitions,
    planned: (prefix) => known.get(prefix),
    containing: (at) => aboveOf(at).flatMap((prefix) => known.get(prefix) ?? []),
    add(item) {
      const { family, length } = parsePrefix(item.prefix);
      if (!lengths[family].includes(length)) lengths[family].push(length);
      known.set(item.prefix, { ...item, version: known.get(item.prefix)?.version ?? 0 });
    },
  };
}
