import type { IpDifference } from "@cadastre/contract/addresses/time";
import { parsePrefix } from "@cadastre/net/prefix";
import * as z from "zod";
import { changesBetween } from "../../changes.ts";
import type { Context } from "../../context.ts";
import { createCursors } from "../../cursor.ts";
import { type Listed, type ListOptions, MOST_EXAMINED } from "../../lists.ts";
import { requireSpace } from "../spaces/read.ts";
import type { IpItem } from "../tree/items.ts";
import { settle } from "../tree/pending.ts";
import { position, toPastIp } from "./at.ts";
import { requestedTime } from "./requested-time.ts";
import { type State, statesAt } from "./states.ts";

/** Between which times, and where. */
interface AskedDifference {
  readonly from: string;
  readonly to?: string | undefined;
  readonly within?: string | undefined;
}

/** What was with what became of it, at one key; either may be nothing. */
interface Pair {
  readonly key: string;
  readonly before?: IpItem | undefined;
  readonly after?: IpItem | undefined;
}

async function* pairs(ones: AsyncGenerator<State>, others: AsyncGenerator<State>): AsyncGenerator<Pair> {
  let one = (await ones.next()).value as State | undefined;
  let other = (await others.next()).value as State | undefined;
  while (one || other) {
    const key = one && (!other || one.key <= other.key) ? one.key : (other?.key ?? "");
    yield {
      key,
      before: one?.key === key ? one.item : undefined,
      after: other?.key === key ? other.item : undefined,
    };
    if (one?.key === key) one = (await ones.next()).value as State | undefined;
    if (other?.key === key) other = (await others.next()).value as State | undefined;
  }
}

/** When it was changed and how often says nothing of what it is. */
const saidOf = ({ modifiedOn: _, revision: __, ...said }: IpItem) => said;

/** What became of one prefix, undefined when it is what it was. Another thing at the same prefix is one that went and one that came. */
function differencesOf({ before, after }: Pair): IpDifference[] {
  const prefix = (after ?? before)?.prefix ?? "";
  const removed = (item: IpItem): IpDifference => ({ type: "removed", id: item.id, prefix, before: view(item) });
  const added = (item: IpItem): IpDifference => ({ type: "added", id: item.id, prefix, after: view(item) });
  if (before === undefined || after === undefined)
    return [...(before ? [removed(before)] : []), ...(after ? [added(after)] : [])];
  if (before.id !== after.id) return [removed(before), added(after)];
  const changes = changesBetween(saidOf(before), saidOf(after));
  return changes.length === 0 ? [] : [{ type: "changed", id: after.id, prefix, changes: [...changes] }];
}

const view = (item: IpItem) => {
  const { parentId: _, ...said } = toPastIp(item, []);
  return said;
};

/**
 * What of a space is otherwise at one time than it was at another, in the order of addresses: a prefix that moved has gone in one place and come
 * in another, under its id. A page looks at 2,000 prefixes at the most. Throws 404 `space.not_found`, 422 `request.invalid`, `cursor.invalid`.
 */
export async function listDifferences(
  context: Context,
  space: string,
  asked: AskedDifference,
  { limit, cursor }: ListOptions,
): Promise<Listed<IpDifference>> {
  await Promise.all([requireSpace(context, space), settle(context, space)]);
  const from = requestedTime(context, "from", asked.from);
  // A page goes on to the same time, whenever it is asked for.
  const positions = positionAt(context, space, asked);
  const start = cursor === undefined ? undefined : positions.decode(cursor);
  const to = start?.to ?? requestedTime(context, "to", asked.to ?? context.now().toISOString());
  const within = asked.within === undefined ? undefined : parsePrefix(asked.within);
  let after = start?.after;
  const walk = (time: string) => statesAt(context, { space, time, within, after: start?.after });
  const items: IpDifference[] = [];
  let examined = 0;
  for await (const pair of pairs(walk(from), walk(to))) {
    if (items.length >= limit || examined === MOST_EXAMINED)
      return { items, cursor: positions.encode({ after: after ?? pair.key, to }) };
    examined += 1;
    after = pair.key;
    items.push(...differencesOf(pair));
  }
  return { items };
}

const positionAt = (context: Context, space: string, asked: AskedDifference) =>
  createCursors(
    "ip-differences",
    { space, ...asked },
    z.object({ after: position, to: z.string() }),
    context.restriction ?? context.spaces,
  );
