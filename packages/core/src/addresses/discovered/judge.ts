import { RESERVATION_TAG } from "@cadastre/contract/addresses/discovered";
import { idHash } from "@cadastre/contract/digest";
import { kindOfId } from "@cadastre/contract/resource";
import { parsePrefix } from "@cadastre/net/prefix";
import type { Stored, Write } from "@cadastre/store/table";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import { changesBetween } from "../../changes.ts";
import { actorName, type Context } from "../../context.ts";
import { laterOf } from "../../feed/record-change.ts";
import { ResourceItem } from "../../register/items.ts";
import { driftWrites } from "../drift/change.ts";
import { decideDrift } from "../drift/decide-drift.ts";
import { findDrift } from "../drift/find-drift.ts";
import { DriftItem, driftId, driftPartition, driftsAt } from "../drift/items.ts";
import { above, readChain } from "../tree/chain.ts";
import { replacementWrites } from "../tree/change.ts";
import { windowWrites } from "../tree/commit-writes.ts";
import { createEdit } from "../tree/edit.ts";
import { auditTarget, IpIdItem, IpItem, type ObservedItem } from "../tree/items.ts";
import { locate } from "../tree/locate.ts";
import { restatePlaced } from "../tree/place.ts";
import { queryAll } from "../tree/query-all.ts";
import { isThere } from "../tree/view.ts";
import { isOwnersWord } from "./blocks.ts";
import { TrackedItem, trackedKey } from "./items.ts";
import { chooseSeen, decideLink, type Fate } from "./link.ts";
import { readSeenAt } from "./seen.ts";
import { serviceItself } from "./service-itself.ts";

/** Of one commit: each is up to three writes, and the rest is done by the next. */
const MOST_DRIFTS = 12;
const DAY_SECONDS = 86_400;

/** What has become of the resource that a planned prefix names by its natural id. */
async function readFate(context: Context, { space, externalId, syncStatus }: IpItem): Promise<Fate | undefined> {
  const kind = externalId === undefined ? undefined : kindOfId(externalId)?.kind;
  if (externalId === undefined || (kind !== "network" && kind !== "subnet")) return undefined;
  const resource = idHash(kind, externalId);
  const [item, tracked] = await Promise.all([
    context.table.get(ResourceItem, { idHash: resource }, { consistent: true }),
    context.table.get(TrackedItem, trackedKey(resource), { consistent: true }),
  ]);
  if (!item || !(await isOwnersWord(context, item))) return { is: "unknown" };
  const standing = tracked?.blocks.filter((one) => one.space === space && !one.isLeaving) ?? [];
  // Of what was never in this space, whoever may plan in it learns nothing by naming it.
  const isKnown = syncStatus !== undefined || standing.length > 0;
  if (item.status === "retired") return isKnown ? { is: "gone" } : { is: "unknown" };
  if (standing.length > 0) return { is: "elsewhere", observed: standing.map(({ prefix }) => prefix) };
  return { is: "outside" };
}

async function readReservations(context: Context, space: string, seen: readonly ObservedItem[]) {
  const { table, now } = context;
  const tagged = seen.filter(({ tags }) => Object.hasOwn(tags, RESERVATION_TAG));
  const ids = [...new Set(tagged.map(({ tags }) => tags[RESERVATION_TAG] as string))];
  const [places, tracked] = await Promise.all([
    table.getMany(
      IpIdItem,
      ids.map((id) => ({ id })),
      { consistent: true },
    ),
    table.getMany(
      TrackedItem,
      tagged.map(({ resource }) => trackedKey(resource)),
      { consistent: true },
    ),
  ]);
  const here = places.filter((place) => place?.space === space).filter((place) => place !== undefined);
  const items = await table.getMany(IpItem, here, { consistent: true });
  const there = items.filter((item) => item !== undefined).filter((item) => isThere(item, now()));
  return {
    reservations: new Map(there.map(({ id, prefix }) => [id, prefix])),
    blocks: new Map(
      tracked.flatMap((one) =>
        one
          ? [
              [
                one.resource,
                one.blocks.filter((each) => each.space === space && !each.isLeaving).map(({ prefix }) => prefix),
              ] as const,
            ]
          : [],
      ),
    ),
  };
}

/** The writes by which a planned prefix is what it stands for. */
async function linkWrites(
  context: Context,
  stored: Stored<IpItem>,
  next: IpItem,
): Promise<{ writes: Write[]; changes: ReturnType<typeof changesBetween> }> {
  const { version: _, ...before } = stored;
  const changes = changesBetween(before, next);
  const at = parsePrefix(stored.prefix);
  const modifiedOn = laterOf(context.now().toISOString(), stored.modifiedOn);
  const item = { ...next, modifiedOn, revision: stored.revision + 1 };
  const own = replacementWrites(context, stored, item, { actor: "system", changes });
  if (next.status === stored.status) return { writes: own, changes };
  const edit = createEdit(context.table, stored.space);
  const { containing, parent } = await locate(context, edit, stored.space, at);
  await restatePlaced(edit, parent, item);
  return { writes: [...own, ...windowWrites(edit, parent, containing, own.length + MOST_DRIFTS * 3 + 1)], changes };
}

/** What a prefix was found to be. */
export interface Judged {
  /** Something was written: it is to be looked at once more. */
  readonly isChanged: boolean;
  /** The natural id of what the prefix that is planned there stands for. */
  readonly standsFor?: string | undefined;
}

/**
 * Looks at one prefix of an open space: what is planned there is linked with what is seen there, a reservation is fulfilled, and drift is opened,
 * changed or resolved as it is found. All is read strongly, what is stored of drift first, and committed at its versions with the space's gate:
 * whoever decides by what is no more true meets who knows better, or looks again, since `isChanged` asks for that. Writes the planned prefix
 * with one audit record when that changes, and drift.
 */
export async function judge(context: Context, space: string, prefix: string, gate: Write): Promise<Judged> {
  const { table, now } = context;
  const at = parsePrefix(prefix);
  const actor = serviceItself(context);
  const time = now();
  const known = await queryAll(table, DriftItem, {
    partition: driftPartition(space),
    sort: { beginsWith: driftsAt(space, prefix) },
    consistent: true,
  });
  const [seen, chain] = await Promise.all([readSeenAt(table, space, at), readChain(table, space, at)]);
  const containing = above(chain, at);
  const stored = chain.length > containing.length ? chain[0] : undefined;
  const planned = stored && isThere(stored, time) ? stored : undefined;
  const fate = planned && !chooseSeen(planned, seen) ? await readFate(context, planned) : undefined;
  const node = planned && decideLink(planned, seen, fate, time.toISOString());
  const there = containing.filter((item) => isThere(item, time));
  const found = findDrift({
    prefix,
    node,
    containing: there,
    seen,
    fate,
    ...(await readReservations(context, space, seen)),
  });
  const byId = new Map(found.map((one) => [driftId(space, prefix, one), one]));
  const stands = new Map(known.map((one) => [one.id, one]));
  const expiresAtSeconds = Math.floor(time.getTime() / 1000) + context.retentionDays * DAY_SECONDS;
  const drifts = [...new Set([...stands.keys(), ...byId.keys()])].flatMap((id) => {
    const { version: _, ...item } = stands.get(id) ?? { version: 0 };
    const before = stands.has(id) ? (item as DriftItem) : undefined;
    const next = decideDrift(before, byId.get(id), { id, space, prefix, now: time.toISOString(), expiresAtSeconds });
    return next ? [driftWrites(context, stands.get(id), next, actorName(actor))] : [];
  });
  const standsFor = node?.syncStatus === undefined ? undefined : node.externalId;
  const isLinkedAnew = planned !== undefined && node !== undefined && node !== planned;
  if (!isLinkedAnew && drifts.length === 0) return { isChanged: false, standsFor };
  const drifted = drifts.slice(0, MOST_DRIFTS).flat();
  if (!isLinkedAnew) {
    await table.commit([...drifted, gate]);
    return { isChanged: true, standsFor };
  }
  const { version: _, ...next } = node as Stored<IpItem>;
  const link = await linkWrites(context, planned, next);
  await commitRecorded(context, actor, [...link.writes, ...drifted, gate], {
    action: "ip.sync",
    target: auditTarget(planned),
    changes: link.changes,
  });
  return { isChanged: true, standsFor };
}
