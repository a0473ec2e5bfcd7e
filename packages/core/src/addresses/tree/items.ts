import { ip } from "@cadastre/contract/addresses/ip";
import { namedTexts } from "@cadastre/contract/names";
import { provider } from "@cadastre/contract/scope";
import { prefixKey } from "@cadastre/net/key";
import { type Prefix, parsePrefix } from "@cadastre/net/prefix";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

export const spacePartition = (space: string): string => `address-space#${space}`;

export const pastPartition = (space: string): string => `${spacePartition(space)}#past`;

export const observedPartition = (space: string): string => `${spacePartition(space)}#observed`;

const IPS = "ip#";

/** Sort key of a prefix among those of its space: in the order of addresses, each before what it contains. */
export const ipSort = (prefix: Prefix): string => IPS + prefixKey(prefix);

interface Placed {
  readonly space: string;
  readonly prefix: string;
}

const planned = ip.omit({ family: true, parentId: true, resolvedTags: true, version: true, utilization: true }).extend({
  revision: z.int().meta({ description: "How many times it was made or changed" }),
  import: z.string().optional().meta({ description: "The import that made it, or changed it last" }),
});

export const IpItem = defineEntity({
  type: "ip",
  about: "A planned prefix or address of a space, in the order of addresses. Whose child it is follows from that alone",
  schema: planned,
  key: {
    partition: (of: Placed) => spacePartition(of.space),
    sort: (of: Placed) => ipSort(parsePrefix(of.prefix)),
  },
});
export type IpItem = ItemOf<typeof IpItem>;

/** How a prefix is named in the audit log: with its space, which decides who may do what to it. */
export const auditTarget = ({ space, id }: Pick<IpItem, "space" | "id">): string => `${space}/${id}`;

export const IpIdItem = defineEntity({
  type: "ip-id",
  about: "Where in its space the prefix with an id stands",
  schema: z.object({ id: z.string(), space: z.string(), prefix: z.string() }),
  key: { partition: (of: { id: string }) => `ip#${of.id}`, sort: () => "ip" },
});

export const ObservedItem = defineEntity({
  type: "ip-observed",
  about: "A block of a network or a subnet that the register has, in the space that its rules put it into",
  schema: z.object({
    space: z.string(),
    prefix: z.string(),
    /** Key of the resource. */
    resource: z.string(),
    externalId: z.string(),
    kind: z.enum(["network", "subnet"]),
    /** Of the block among those of its resource. */
    role: z.enum(["primary", "secondary", "ipv6"]),
    provider,
    account: z.string(),
    region: z.string(),
    /** Of a subnet: natural id of its network. */
    network: z.string().optional(),
    /** Of a default VPC or a network in auto mode. */
    isDefault: z.boolean(),
    name: z.string(),
    tags: namedTexts().default({}),
    seenAt: z.string(),
  }),
  key: {
    partition: (of: Placed & { resource: string }) => observedPartition(of.space),
    sort: (of: Placed & { resource: string }) => `${prefixKey(parsePrefix(of.prefix))}#${of.resource}`,
  },
});
export type ObservedItem = ItemOf<typeof ObservedItem>;

export const IpLengthsItem = defineEntity({
  type: "ip-lengths",
  about: "The lengths of a space's prefixes, so that what contains an address is one exact read for each of them",
  schema: z.object({ space: z.string(), family: z.union([z.literal(4), z.literal(6)]), lengths: z.array(z.int()) }),
  key: {
    partition: (of: { space: string; family: 4 | 6 }) => spacePartition(of.space),
    sort: (of: { space: string; family: 4 | 6 }) => `lengths#${of.family}`,
  },
});

export type IpLengthsItem = ItemOf<typeof IpLengthsItem>;

/** Addresses from the window's first on: `0-ff,200` in hexadecimal digits. */
const layer = z.string().regex(/^(?:[0-9a-f]+(?:-[0-9a-f]+)?(?:,[0-9a-f]+(?:-[0-9a-f]+)?)*)?$/);

interface WindowPlace {
  readonly space: string;
  /** The prefix that it is a part of, or `4` or `6` for what no prefix contains. */
  readonly parent: string;
  /** 32 hexadecimal digits. */
  readonly first: string;
}

/** Beginning of the sort keys of the windows of a parent. */
export const windowsOf = (parent: string): string =>
  parent.includes("/") ? `window#${prefixKey(parsePrefix(parent))}#` : `window#${parent}:top#`;

export const WindowItem = defineEntity({
  type: "ip-window",
  about:
    "A part of a prefix and what is taken in it: every change of what it directly contains is at its version, so that writers in different parts do not meet",
  schema: z.object({
    space: z.string(),
    parent: z.string(),
    first: z.string(),
    last: z.string(),
    /** Of prefixes that are planned directly below. */
    planned: layer,
    /** Of those of them that are reserved. */
    reserved: layer,
    /** Of ranges that nothing is allocated from. */
    populated: layer,
    /** Of ranges that count as used. */
    utilized: layer,
    /** Of what was seen in a cloud and is longer than the parent, also where something below contains it. */
    observed: layer,
    /** What is kept free of allocations for a while: after a release, or for a request. */
    held: z.array(z.object({ prefix: z.string(), until: z.string().optional(), by: z.string() })).default([]),
    /** When the first reservation below ends, if one does. */
    endsAt: z.string().optional(),
  }),
  key: {
    partition: (of: WindowPlace) => spacePartition(of.space),
    sort: (of: WindowPlace) => windowsOf(of.parent) + of.first,
  },
});
export type WindowItem = ItemOf<typeof WindowItem>;

interface PastPlace extends Placed {
  readonly until: string;
  readonly was: { readonly revision: number };
}

export const IpPastItem = defineEntity({
  type: "ip-past",
  about: "What a prefix of a space was before it was changed or removed, and from when to when",
  schema: z.object({
    space: z.string(),
    prefix: z.string(),
    from: z.string(),
    until: z.string(),
    was: planned,
    expiresAtSeconds: z.int(),
  }),
  key: {
    partition: (of: PastPlace) => pastPartition(of.space),
    // Two changes of one moment are two.
    sort: ({ prefix, until, was }: PastPlace) =>
      `${prefixKey(parsePrefix(prefix))}#${until}#${String(was.revision).padStart(9, "0")}`,
  },
  expires: "expiresAtSeconds",
});
export type IpPastItem = ItemOf<typeof IpPastItem>;

/** Beginning of the sort keys of what is to be done in a space from a time on. */
export const pendingSort = (due: string): string => `pending#${due}`;

export const PendingItem = defineEntity({
  type: "ip-pending",
  about:
    "What was decided at once and is more than one commit can do: gone when all of it is done, by whoever comes next",
  schema: z.object({
    id: z.string(),
    space: z.string(),
    /** From when on; at once when empty. */
    due: z.string(),
    actor: z.string(),
    work: z.discriminatedUnion("kind", [
      z.object({
        kind: z.literal("make"),
        like: planned.omit({ id: true, prefix: true }),
        ips: z.array(z.object({ id: z.string(), prefix: z.string() })),
      }),
      z.object({ kind: z.literal("hand-down"), prefix: z.string(), tags: namedTexts() }),
      /** The reservation with this id. */
      z.object({ kind: z.literal("end") }),
    ]),
  }),
  key: {
    partition: (of: { space: string; due: string; id: string }) => spacePartition(of.space),
    sort: (of: { space: string; due: string; id: string }) => `${pendingSort(of.due)}#${of.id}`,
  },
});
export type PendingItem = ItemOf<typeof PendingItem>;

export const RESERVATION_ENDS_PARTITION = "reservation-ends";

export const ReservationEndItem = defineEntity({
  type: "reservation-end",
  about: "When a reservation of an organization ends, in the order of time; may be of one that was changed or is gone",
  schema: z.object({ until: z.string(), space: z.string(), id: z.string() }),
  key: {
    partition: () => RESERVATION_ENDS_PARTITION,
    sort: (of: { until: string; id: string }) => `${of.until}#${of.id}`,
  },
});

export const AllocationItem = defineEntity({
  type: "allocation",
  about: "Which prefixes an allocation gave, so that its repeat under the same Idempotency-Key answers the same",
  schema: z.object({ id: z.string(), space: z.string(), ips: z.array(z.string()), expiresAtSeconds: z.int() }),
  key: { partition: (of: { id: string }) => `allocation#${of.id}`, sort: () => "allocation" },
  expires: "expiresAtSeconds",
});
