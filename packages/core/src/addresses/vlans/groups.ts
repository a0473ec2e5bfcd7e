import { type NewVlanGroup, type VlanGroup, vlanGroup } from "@cadastre/contract/addresses/vlan";
import { ProblemError } from "@cadastre/contract/errors";
import { newIdAt } from "@cadastre/contract/ids";
import { create, remove, replace, type Stored } from "@cadastre/store/table";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import { changesBetween } from "../../changes.ts";
import type { Actor, Context } from "../../context.ts";
import { type Listed, type ListOptions, selectPage } from "../../lists.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { enterSpace, whileHalted } from "../spaces/gate.ts";
import { requireSpace } from "../spaces/read.ts";
import { scopeOf, VlanGroupItem, VlanItem, vlanGroupsPartition, vlansPartition } from "./items.ts";

const toView = (stored: Stored<VlanGroupItem>): VlanGroup => vlanGroup.parse(stored);
const saidOf = ({ name, description, ranges }: NewVlanGroup): NewVlanGroup => ({ name, description, ranges });

/** A group of a space as it is stored. Throws 404 `vlan-group.not_found`. */
export async function requireGroup({ table }: Context, space: string, id: string): Promise<Stored<VlanGroupItem>> {
  const stored = await table.get(VlanGroupItem, { space, id }, { consistent: true });
  if (!stored) throw new ProblemError("vlan-group.not_found");
  return stored;
}

/** Whether VLANs of a group may have this id. */
export const isInRanges = ({ ranges }: Pick<NewVlanGroup, "ranges">, vid: number): boolean =>
  ranges.some(({ from, to }) => vid >= from && vid <= to);

/** Makes a group. Throws 404 `space.not_found`, 409 `space.deleting`. Writes it and one audit record. */
export async function createVlanGroup(
  context: Context,
  actor: Actor,
  space: string,
  input: NewVlanGroup,
): Promise<VlanGroup> {
  const now = context.now();
  const at = now.toISOString();
  const item = { ...input, id: newIdAt("vlanGroup", now), space, createdOn: at, modifiedOn: at };
  const changes = changesBetween(undefined, input);
  const entry = { action: "vlan-group.create", target: `${space}/${item.id}`, changes } as const;
  await retryOnConflict(async () => {
    const { gate } = await enterSpace(context, space);
    await commitRecorded(context, actor, [create(VlanGroupItem, item), gate], entry);
  });
  return getVlanGroup(context, space, item.id);
}

/** One group. Throws 404 `space.not_found`, `vlan-group.not_found`. */
export async function getVlanGroup(context: Context, space: string, id: string): Promise<VlanGroup> {
  await requireSpace(context, space);
  return toView(await requireGroup(context, space, id));
}

/** Groups of a space, oldest first. Throws 404 `space.not_found`, 422 `cursor.invalid`. */
export async function listVlanGroups(
  context: Context,
  space: string,
  options: ListOptions,
): Promise<Listed<VlanGroup>> {
  await requireSpace(context, space);
  const of = { list: "vlan-groups", filters: { space }, entity: VlanGroupItem, partition: vlanGroupsPartition(space) };
  const select = async (items: readonly Stored<VlanGroupItem>[]) => items.map(toView);
  return selectPage({ table: context.table, restriction: context.spaces }, { ...of, select }, options);
}

interface Seen {
  /** The version that the caller saw (If-Match). */
  readonly version?: number | undefined;
}

/** The VLANs of a group: 4,094 at the most. */
export async function readVlansOf(
  { table }: Context,
  space: string,
  group: string,
): Promise<readonly Stored<VlanItem>[]> {
  const all: Stored<VlanItem>[] = [];
  let cursor: string | undefined;
  do {
    const query = { partition: vlansPartition(space), sort: { beginsWith: scopeOf(group) }, cursor, consistent: true };
    const page = await table.query(VlanItem, query);
    all.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
}

/** That nothing of a group is left that may not be. Throws 409 `vlan-group.in_use`, which names some. */
async function requireNone(context: Context, { space, id }: VlanGroupItem, isMeant: (one: VlanItem) => boolean) {
  const left = (await readVlansOf(context, space, id)).filter(isMeant);
  if (left.length === 0) return;
  const some = left.slice(0, 10).map(({ vid }) => vid);
  throw new ProblemError("vlan-group.in_use", `it has the VLANs ${some.join(", ")}${left.length > 10 ? " …" : ""}`);
}

/**
 * Replaces what is said of a group; what changes nothing writes nothing. Nobody makes a VLAN meanwhile. Throws 404 `space.not_found`,
 * `vlan-group.not_found`, 409 `vlan-group.in_use` for VLANs that are not in its ranges any more, 412 `request.precondition_failed`. Writes it, the
 * space's gate, and one audit record.
 */
export async function replaceVlanGroup(
  context: Context,
  actor: Actor,
  space: string,
  id: string,
  input: NewVlanGroup,
  seen: Seen = {},
): Promise<VlanGroup> {
  await whileHalted(context, space, async ({ turn }) => {
    const { version, ...item } = await requireGroup(context, space, id);
    if (seen.version !== undefined && seen.version !== version) throw new ProblemError("request.precondition_failed");
    const changes = changesBetween(saidOf(item), input);
    if (changes.length === 0) return;
    await requireNone(context, item, ({ vid }) => !isInRanges(input, vid));
    const next = { ...item, ...input, modifiedOn: context.now().toISOString() };
    const entry = { action: "vlan-group.replace", target: `${space}/${id}`, changes } as const;
    await commitRecorded(context, actor, [...turn, replace(VlanGroupItem, next, version)], entry);
  });
  return getVlanGroup(context, space, id);
}

/** Removes a group that has no VLANs. Throws what `replaceVlanGroup` throws. Writes its removal, the space's gate, and one audit record. */
export async function deleteVlanGroup(
  context: Context,
  actor: Actor,
  space: string,
  id: string,
  seen: Seen = {},
): Promise<void> {
  await whileHalted(context, space, async ({ turn }) => {
    const { version, ...item } = await requireGroup(context, space, id);
    if (seen.version !== undefined && seen.version !== version) throw new ProblemError("request.precondition_failed");
    await requireNone(context, item, () => true);
    const entry = { action: "vlan-group.delete", target: `${space}/${id}`, detail: saidOf(item) } as const;
    await commitRecorded(context, actor, [...turn, remove(VlanGroupItem, { space, id }, version)], entry);
  });
}
