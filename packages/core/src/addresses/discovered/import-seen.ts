import { newId } from "@cadastre/contract/ids";
import { contains, parsePrefix } from "@cadastre/net/prefix";
import { check, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../../context.ts";
import { enterSpace } from "../spaces/gate.ts";
import { readLengths } from "../tree/chain.ts";
import { creationWrites, lengthWrites } from "../tree/change.ts";
import { fitWrites } from "../tree/commit-writes.ts";
import { createEdit } from "../tree/edit.ts";
import { IpItem, ObservedItem } from "../tree/items.ts";
import { parentOf } from "../tree/locate.ts";
import { requireNearest } from "../tree/nearest.ts";
import { settle } from "../tree/pending.ts";
import { insertPlaced } from "../tree/place.ts";
import { type Classified, classify, readSurroundings, type Surroundings } from "./classify.ts";
import { called, factsOf } from "./link.ts";
import { serviceItself } from "./service-itself.ts";

/** Something that is seen, with what can be done with it in its batch. */
export interface Candidate extends Classified {
  readonly one: Stored<ObservedItem>;
  readonly around: Surroundings;
}

/** Larger ones first, and of the same prefix a network before its subnet. */
function byPlace(one: ObservedItem, other: ObservedItem): number {
  const [a, b] = [parsePrefix(one.prefix), parsePrefix(other.prefix)];
  return (
    a.length - b.length ||
    (one.kind < other.kind ? -1 : one.kind > other.kind ? 1 : one.resource < other.resource ? -1 : 1)
  );
}

/** A batch as it could be taken over together, in that order: a second one of a prefix is in conflict with the first. */
export async function readBatch(context: Context, items: readonly Stored<ObservedItem>[]): Promise<Candidate[]> {
  const imported = new Set(items.flatMap(({ kind, externalId }) => (kind === "network" ? [externalId] : [])));
  const taken = new Map<string, ObservedItem>();
  const batch: Candidate[] = [];
  for (const one of items.toSorted(byPlace)) {
    const around = await readSurroundings(context, one);
    const alone = classify(one, around, imported);
    const before = taken.get(one.prefix);
    const isSecond = alone.state === "importable" && before !== undefined;
    const reason = `${called(before?.externalId ?? "")} has the same prefix`;
    batch.push({ one, around, ...(isSecond ? { state: "conflict", reason } : alone) });
    if (!before) taken.set(one.prefix, one);
  }
  return batch;
}

function toNode(context: Context, actor: Actor, one: ObservedItem): IpItem {
  const now = context.now();
  const at = now.toISOString();
  return {
    id: newId("ip", now),
    space: one.space,
    prefix: one.prefix,
    name: one.name,
    description: "",
    // A network is there for its subnets; of a secondary range every address is used.
    status: one.kind === "network" ? "container" : "active",
    pool: one.kind === "subnet" && one.role === "secondary",
    tags: {},
    owner: "",
    attributes: {},
    ...factsOf(one),
    source: "discovered",
    lastSyncAt: at,
    syncStatus: "synced",
    createdOn: at,
    createdBy: actorName(actor),
    modifiedOn: at,
    revision: 1,
  };
}

async function lengthsOf(context: Context, space: string, nodes: readonly IpItem[]): Promise<Write[]> {
  const families = Map.groupBy(nodes, ({ prefix }) => parsePrefix(prefix).family);
  const writes = [...families].map(async ([family, own]) =>
    lengthWrites(
      space,
      own.map(({ prefix }) => prefix),
      await readLengths(context.table, space, family),
    ),
  );
  return (await Promise.all(writes)).flat();
}

/** The writes that make planned prefixes of what is seen, from the largest on: each is in what contains it, of this batch or before it. */
async function nodeWrites(
  context: Context,
  space: string,
  made: readonly { node: IpItem; around: Surroundings }[],
  actor: string,
) {
  const { table } = context;
  const edit = createEdit(table, space);
  const parents = new Map<string, Stored<IpItem>>();
  const own: Write[] = [];
  for (const [at, { node, around }] of made.entries()) {
    const prefix = parsePrefix(node.prefix);
    const before = made.slice(0, at).map((one) => one.node);
    const together = before.filter((one) => contains(parsePrefix(one.prefix), prefix));
    const containing = [...together, ...around.containing].sort(
      (one, other) => parsePrefix(other.prefix).length - parsePrefix(one.prefix).length,
    );
    const [nearest] = around.containing;
    if (nearest && containing[0] === nearest) parents.set(nearest.prefix, nearest);
    const parent = parentOf(containing, prefix);
    if (together.length === 0) await requireNearest({ edit, table, space, parent }, prefix, nearest);
    await insertPlaced(edit, table, space, parent, node);
    own.push(...creationWrites(context, node, actor));
  }
  const nodes = made.map(({ node }) => node);
  const lengths = await lengthsOf(context, space, nodes);
  const stored = [...parents.values()].filter(({ prefix }) => edit.makesWindowsOf(parsePrefix(prefix)));
  const checks = stored.map((item) => check(IpItem, item, "present"));
  return fitWrites(
    [...own, ...lengths, ...checks, ...edit.writes(own.length + lengths.length + checks.length + made.length + 1)],
    made.length + 1,
  );
}

/**
 * Makes planned prefixes of what is seen, all in one commit: what of a batch is linked already stays as it is, and nothing is made when `judge`
 * throws. It rests on the space's gate, on what is seen as it was read, and on the windows that it is put into. Throws 409 `ip.too_much_inside`,
 * and ConflictError when another writer was faster. Writes what `createIp` writes of each, and one audit record. Answers the new ids.
 */
export async function importSeen(
  context: Context,
  actor: Actor,
  space: string,
  items: readonly Stored<ObservedItem>[],
  requireAll: (batch: readonly Candidate[]) => void,
): Promise<string[]> {
  const { gate } = await enterSpace(context, space);
  await settle(context, space);
  const batch = await readBatch(context, items);
  requireAll(batch);
  const open = batch.filter(({ state }) => state === "importable");
  const made = open.map(({ one, around }) => ({ node: toNode(context, actor, one), around }));
  const detail = { space, count: made.length, prefixes: made.map(({ node }) => node.prefix) };
  const seen = open.map(({ one }) => check(ObservedItem, one, one.version));
  const nodes = made.length === 0 ? [] : await nodeWrites(context, space, made, actorName(actor));
  await commitRecorded(context, actor, [...nodes, ...seen, gate], {
    action: "discovered.import",
    target: space,
    detail,
  });
  return made.map(({ node }) => node.id);
}

/** Takes over what of this can be, where a space does so by itself: nothing of default networks. Answers whether anything was. */
export async function importWhatMay(
  context: Context,
  space: string,
  seen: readonly Stored<ObservedItem>[],
): Promise<boolean> {
  const wanted = seen.filter(({ isDefault }) => !isDefault);
  if (wanted.length === 0) return false;
  const batch = await readBatch(context, wanted);
  const open = batch.filter(({ state }) => state === "importable").map(({ one }) => one);
  if (open.length === 0) return false;
  await importSeen(context, serviceItself(context), space, open, () => undefined);
  return true;
}
