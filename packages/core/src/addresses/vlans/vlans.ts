import { type NewVlan, type Vlan, vlan } from "@cadastre/contract/addresses/vlan";
import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { fromPrefixKey } from "@cadastre/net/key";
import { formatPrefix } from "@cadastre/net/prefix";
import { check, create, put, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import { changesBetween } from "../../changes.ts";
import type { Actor, Context } from "../../context.ts";
import { type Listed, type ListOptions, selectPage } from "../../lists.ts";
import { isTaken, retryOnConflict } from "../../retry-on-conflict.ts";
import { enterSpace, whileHalted } from "../spaces/gate.ts";
import { requireSpace } from "../spaces/read.ts";
import { settle } from "../tree/pending.ts";
import { isInRanges } from "./groups.ts";
import {
  scopeOf,
  VlanGroupItem,
  VlanIdItem,
  VlanItem,
  VlanUseItem,
  vlansPartition,
  vlanUsePartition,
} from "./items.ts";

/** What the API shows of a VLAN. */
export const toVlanView = (stored: Stored<VlanItem>): Vlan => vlan.parse(stored);

const saidOf = ({ vid, group, name, status, description }: NewVlan): NewVlan => ({
  vid,
  ...(group === undefined ? {} : { group }),
  name,
  status,
  description,
});

const invalid = (path: string, message: string): ProblemError =>
  new ProblemError("request.invalid", `${path}: ${message}`, { errors: [{ path, message }] });

const taken = ({ vid, group }: NewVlan): ProblemError =>
  new ProblemError("vlan.exists", `${group ?? "among those in no group"} has the VLAN ${vid}`);

/** A VLAN of a space as it is stored. Throws 404 `vlan.not_found`. */
async function requireVlan({ table }: Context, space: string, id: string): Promise<Stored<VlanItem>> {
  const held = await table.get(VlanIdItem, { id }, { consistent: true });
  const stored = held?.space === space ? await table.get(VlanItem, held, { consistent: true }) : undefined;
  if (stored?.id !== id) throw new ProblemError("vlan.not_found");
  return stored;
}

/** That a VLAN can have its id where it is: for its commit, that the group is as it was read. Throws 422 `request.invalid`. */
async function requirePlace({ table }: Context, space: string, { vid, group }: NewVlan): Promise<Write[]> {
  if (group === undefined) return [];
  const stored = await table.get(VlanGroupItem, { space, id: group }, { consistent: true });
  if (!stored) throw invalid("group", "the address space has no such group");
  if (isInRanges(stored, vid)) return [check(VlanGroupItem, { space, id: group }, stored.version)];
  const ranges = stored.ranges.map(({ from, to }) => `${from} to ${to}`).join(", ");
  throw invalid("vid", `those of the group are ${ranges}`);
}

const placeOf = ({ id, space, group, vid }: VlanItem) => ({
  id,
  space,
  ...(group === undefined ? {} : { group }),
  vid,
});

/** The writes of a new VLAN; the first is refused as "exists" where its id is taken. */
export function vlanWrites(item: VlanItem): Write[] {
  return [create(VlanItem, item), create(VlanIdItem, placeOf(item))];
}

/**
 * Makes a VLAN. Throws 404 `space.not_found`, 409 `space.deleting`, `vlan.exists`, 422 `request.invalid` for a group that is not there or does not have
 * this id. Writes it, its id, and one audit record.
 */
export async function createVlan(context: Context, actor: Actor, space: string, input: NewVlan): Promise<Vlan> {
  const now = context.now();
  const at = now.toISOString();
  const item: VlanItem = { ...saidOf(input), id: newId("vlan", now), space, createdOn: at, modifiedOn: at };
  const changes = changesBetween(undefined, saidOf(input));
  await retryOnConflict(async () => {
    const { gate } = await enterSpace(context, space);
    const place = await requirePlace(context, space, input);
    const entry = { action: "vlan.create", target: `${space}/${item.id}`, changes } as const;
    try {
      await commitRecorded(context, actor, [...vlanWrites(item), gate, ...place], entry);
    } catch (error) {
      if (isTaken(error, 0)) throw taken(input);
      throw error;
    }
  });
  return getVlan(context, space, item.id);
}

/** One VLAN. Throws 404 `space.not_found`, `vlan.not_found`. */
export async function getVlan(context: Context, space: string, id: string): Promise<Vlan> {
  await requireSpace(context, space);
  return toVlanView(await requireVlan(context, space, id));
}

/** VLANs of a space, or of one group, by their ids. Throws 404 `space.not_found`, 422 `cursor.invalid`. */
export async function listVlans(
  context: Context,
  space: string,
  { group, ...options }: ListOptions & { readonly group?: string | undefined },
): Promise<Listed<Vlan>> {
  await requireSpace(context, space);
  const of = { list: "vlans", filters: { space, group }, entity: VlanItem, partition: vlansPartition(space) };
  const part = group === undefined ? {} : { beginsWith: scopeOf(group) };
  const select = async (items: readonly Stored<VlanItem>[]) => items.map(toVlanView);
  return selectPage({ table: context.table, restriction: context.spaces }, { ...of, ...part, select }, options);
}

interface Seen {
  /** The version that the caller saw (If-Match). */
  readonly version?: number | undefined;
}

/**
 * Replaces what is said of a VLAN, its id and group, too; prefixes stay on it. Throws what `createVlan` throws, 404 `vlan.not_found`, 412
 * `request.precondition_failed`. Writes it, where it is, and one audit record; nothing when nothing changes.
 */
export async function replaceVlan(
  context: Context,
  actor: Actor,
  space: string,
  id: string,
  input: NewVlan,
  seen: Seen = {},
): Promise<Vlan> {
  await retryOnConflict(async () => {
    const { gate } = await enterSpace(context, space);
    const stored = await requireVlan(context, space, id);
    if (seen.version !== undefined && seen.version !== stored.version)
      throw new ProblemError("request.precondition_failed");
    const changes = changesBetween(saidOf(stored), saidOf(input));
    if (changes.length === 0) return;
    const place = await requirePlace(context, space, input);
    const { createdOn, allocation, version } = stored;
    const kept = { id, space, createdOn, ...(allocation === undefined ? {} : { allocation }) };
    const next: VlanItem = { ...saidOf(input), ...kept, modifiedOn: context.now().toISOString() };
    const isMoved = stored.vid !== next.vid || stored.group !== next.group;
    const writes = isMoved
      ? [create(VlanItem, next), remove(VlanItem, stored, version), put(VlanIdItem, placeOf(next))]
      : [replace(VlanItem, next, version)];
    const entry = { action: "vlan.replace", target: `${space}/${id}`, changes } as const;
    try {
      await commitRecorded(context, actor, [...writes, gate, ...place], entry);
    } catch (error) {
      if (isMoved && isTaken(error, 0)) throw taken(input);
      throw error;
    }
  });
  return getVlan(context, space, id);
}

/**
 * Removes a VLAN that no prefix is on; nobody puts one on it meanwhile. Throws 404 `space.not_found`, `vlan.not_found`, 409 `vlan.in_use` with a prefix
 * that is, 412 `request.precondition_failed`. Writes its removal, the space's gate, and one audit record.
 */
export async function deleteVlan(
  context: Context,
  actor: Actor,
  space: string,
  id: string,
  seen: Seen = {},
): Promise<void> {
  await whileHalted(context, space, async ({ turn }) => {
    const stored = await requireVlan(context, space, id);
    if (seen.version !== undefined && seen.version !== stored.version)
      throw new ProblemError("request.precondition_failed");
    await settle(context, space);
    const partition = vlanUsePartition({ space, vlan: id });
    const { items } = await context.table.query(VlanUseItem, { partition, limit: 1, consistent: true });
    const [use] = items;
    if (use) throw new ProblemError("vlan.in_use", `${formatPrefix(fromPrefixKey(use.at))} (${use.ip}) is on it`);
    const writes = [remove(VlanItem, stored, stored.version), remove(VlanIdItem, { id })];
    const entry = { action: "vlan.delete", target: `${space}/${id}`, detail: saidOf(stored) } as const;
    await commitRecorded(context, actor, [...turn, ...writes], entry);
  });
}
