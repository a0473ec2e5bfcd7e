import { idHash } from "@cadastre/contract/digest";
import { block, shortId } from "@cadastre/contract/kinds/kind";
import { kindOfId } from "@cadastre/contract/resource";
import { tryParsePrefix } from "@cadastre/net/prefix";
import * as z from "zod";
import type { Context } from "../../context.ts";
import { readEnded } from "../../ledger/ended-sources.ts";
import { isConfirmed, ResourceItem } from "../../register/items.ts";
import { AddressSpaceItem } from "../spaces/items.ts";
import { spacesOf } from "../spaces/rules.ts";
import type { ObservedItem } from "../tree/items.ts";

/** What is read of a network's and a subnet's attributes. What cannot be read is not there. */
const seenAttributes = z.object({
  blocks: z.array(block).catch([]).default([]),
  legacyRange: z.string().optional().catch(undefined),
  network: z.string().optional().catch(undefined),
  isDefault: z.boolean().optional().catch(undefined),
  mode: z.string().optional().catch(undefined),
});
type SeenAttributes = z.output<typeof seenAttributes>;

/** A block that a resource has, wherever it belongs. */
type Block = Omit<ObservedItem, "space" | "seenAt">;

function blocksIn({ blocks, legacyRange }: SeenAttributes) {
  const inForce = blocks.filter(({ state }) => state === "associated");
  const legacy = tryParsePrefix(legacyRange ?? "") ? [{ prefix: legacyRange as string, role: "primary" as const }] : [];
  const all = [...inForce, ...legacy];
  return all.filter(({ prefix }, at) => all.findIndex((one) => one.prefix === prefix) === at);
}

/** The blocks in force of a network or subnet, each prefix once. Pure. */
export function blocksOf(resource: ResourceItem, { ofDefault }: { readonly ofDefault: boolean }): Block[] {
  const { kind, provider, region, id } = resource;
  if (kind !== "network" && kind !== "subnet") return [];
  const attributes = seenAttributes.parse(resource.attributes);
  const network = kind === "subnet" ? attributes.network : undefined;
  return blocksIn(attributes).map(({ prefix, role, ...more }) => ({
    prefix,
    role,
    resource: resource.idHash,
    externalId: id,
    kind,
    provider,
    account: resource.account,
    region,
    ...(network === undefined ? {} : { network }),
    // A secondary range has a name of its own.
    name: role === "secondary" && "rangeName" in more && more.rangeName ? more.rangeName : resource.name,
    tags: resource.tags,
    isDefault: ofDefault || isOfDefault(attributes),
  }));
}

const isOfDefault = ({ isDefault, mode }: SeenAttributes): boolean => isDefault === true || mode === "auto";

/** Whether what the register has of a resource is its owner's word, as of now. */
export async function isOwnersWord(context: Context, resource: ResourceItem): Promise<boolean> {
  const sources = resource.claims.map(({ source }) => source);
  return isConfirmed(resource, await readEnded(context, sources, { consistent: true }));
}

async function readNetwork({ table }: Context, id: string): Promise<ResourceItem | undefined> {
  return table.get(ResourceItem, { idHash: idHash("network", id) }, { consistent: true });
}

/** The open space that a network belongs to. */
async function openSpaceOf(context: Context, provider: ResourceItem["provider"], network: string) {
  const account = kindOfId(network)?.account;
  if (account === undefined) return undefined;
  const [id] = await spacesOf(context, [{ provider, account, network }]);
  const space = id === undefined ? undefined : await context.table.get(AddressSpaceItem, { id }, { consistent: true });
  return space?.deletion === undefined ? space?.id : undefined;
}

/**
 * The blocks of a resource with the space that they belong to by the rules, as of now: none of one that is gone, and none of what only others
 * than its owner have seen. Reads strongly.
 */
export async function readWanted(
  context: Context,
  resource: ResourceItem | undefined,
): Promise<Omit<ObservedItem, "seenAt">[]> {
  if (resource?.status !== "active" || !(await isOwnersWord(context, resource))) return [];
  const { network } = seenAttributes.parse(resource.attributes);
  const of = resource.kind === "subnet" ? network : resource.id;
  if (of === undefined) return [];
  const [space, above] = await Promise.all([
    openSpaceOf(context, resource.provider, of),
    resource.kind === "subnet" ? readNetwork(context, of) : undefined,
  ]);
  if (space === undefined) return [];
  const ofDefault = above?.status === "active" && isOfDefault(seenAttributes.parse(above.attributes));
  return blocksOf(resource, { ofDefault }).map((one) => ({ ...one, space }));
}

/** Whether a text names a resource: its natural id, or the end of that. */
export const isCalled = (externalId: string, text: string): boolean =>
  externalId === text || shortId(externalId) === text;
