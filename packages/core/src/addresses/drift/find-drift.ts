import { RESERVATION_TAG } from "@cadastre/contract/addresses/discovered";
import { called, chooseSeen, type Fate, networkOf } from "../discovered/link.ts";
import type { IpItem, ObservedItem } from "../tree/items.ts";
import type { Found } from "./decide-drift.ts";

/** All that is known of one prefix of a space. */
export interface Known {
  readonly prefix: string;
  /** What is planned at it, as it is after what is seen was taken into account. */
  readonly node: IpItem | undefined;
  /** What contains it, nearest first. */
  readonly containing: readonly IpItem[];
  /** What is seen at just this prefix. */
  readonly seen: readonly ObservedItem[];
  readonly fate: Fate | undefined;
  /** The prefix of a reservation that a tag names, by its id, where the space has it. */
  readonly reservations: ReadonlyMap<string, string>;
  /** Of resources that name one: all of their blocks. */
  readonly blocks: ReadonlyMap<string, readonly string[]>;
}

const own = (record: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

function ofNode(node: IpItem, { seen, fate, prefix }: Known): Found[] {
  const chosen = chooseSeen(node, seen);
  const subject = node.id;
  const { externalId = "" } = node;
  if (!chosen) {
    if (fate?.is === "gone") return [{ kind: "orphaned", subject, attribute: "externalId", evidence: { externalId } }];
    if (fate?.is !== "elsewhere") return [];
    const evidence = { externalId, planned: prefix, observed: [...fate.observed].sort() };
    return [{ kind: "prefix_changed", subject, attribute: "prefix", evidence }];
  }
  const found: Found[] = [];
  // What has no name on one side is called nothing else there.
  if (node.name !== "" && chosen.name !== "" && node.name !== chosen.name)
    found.push({
      kind: "name_differs",
      subject,
      attribute: "name",
      evidence: { externalId: chosen.externalId, planned: node.name, observed: chosen.name },
    });
  for (const [tag, planned] of Object.entries(node.tags)) {
    const observed = own(chosen.tags, tag);
    if (observed === undefined || observed === planned) continue;
    const evidence = { externalId: chosen.externalId, tag, planned, observed };
    found.push({ kind: "tag_differs", subject, attribute: tag, evidence });
  }
  return found;
}

/** What a planned prefix that is another network's than what is seen inside it says. */
function ofParent(one: ObservedItem, { containing }: Known): Found[] {
  const network = networkOf(one);
  const foreign = containing.find(
    (node) =>
      node.syncStatus !== undefined &&
      networkOf({ externalId: node.externalId, network: node.externalNetwork }) !== network,
  );
  if (!foreign) return [];
  const evidence = { inside: foreign.prefix, of: foreign.externalId ?? "", network: network ?? "" };
  return [{ kind: "outside_parent", subject: one.externalId, attribute: "prefix", evidence }];
}

function ofReservation(one: ObservedItem, { prefix, reservations, blocks }: Known): Found[] {
  const id = own(one.tags, RESERVATION_TAG);
  const planned = id === undefined ? undefined : reservations.get(id);
  // Said once of a resource, whatever the number of its blocks.
  if (planned === undefined || one.role !== "primary") return [];
  const observed = blocks.get(one.resource) ?? [prefix];
  if (observed.includes(planned)) return [];
  const evidence = { reservation: id, planned, observed: [...observed].sort() };
  return [{ kind: "reservation_mismatch", subject: one.externalId, attribute: RESERVATION_TAG, evidence }];
}

/** What is found of something that is seen and belongs to no default network: those are a class of their own, and no drift. */
function ofSeen(one: ObservedItem, known: Known): Found[] {
  const { node, seen } = known;
  const subject = one.externalId;
  const found = [...ofParent(one, known), ...ofReservation(one, known)];
  const others = seen.filter((other) => other !== one && other.kind === one.kind && !other.isDefault);
  if (others.length > 0) {
    const evidence = { others: others.map(({ externalId }) => externalId).sort() };
    found.push({ kind: "duplicate", subject, attribute: "prefix", evidence });
  }
  const chosen = node && chooseSeen(node, seen);
  if (!chosen) {
    const { externalId, kind, account } = one;
    const evidence = { externalId, kind, account, ...(node ? { plannedFor: called(node.externalId ?? "") } : {}) };
    found.push({ kind: "unmanaged", subject, attribute: "prefix", evidence });
  }
  return found;
}

/** All drift at one prefix of a space. Pure. */
export function findDrift(known: Known): Found[] {
  const { node, seen } = known;
  return [
    ...(node ? ofNode(node, known) : []),
    ...seen.filter(({ isDefault }) => !isDefault).flatMap((one) => ofSeen(one, known)),
  ];
}
