import * as z from "zod";
import { accountName } from "../account.ts";
import { idSchema } from "../ids.ts";
import { namedTexts, namedValues } from "../names.ts";
import { provider } from "../scope.ts";
import { prefixInput } from "./prefix-input.ts";

export const IP_STATUSES = ["container", "active", "reserved", "deprecated"] as const;
export const ipStatus = z.enum(IP_STATUSES);
export type IpStatus = z.output<typeof ipStatus>;

export const IP_SOURCES = ["manual", "discovered", "imported"] as const;
const SYNC_STATUSES = ["synced", "drift", "orphaned"] as const;

const label = z.string().trim().max(256);

/** Tags by name, as people give them. */
const ipTags = namedTexts({ mostName: 128, mostText: 256, of: "tag" });

/** What people say of a prefix. */
const said = {
  name: label.default(""),
  description: z.string().max(4000).default(""),
  status: ipStatus.default("active"),
  pool: z.boolean().default(false).meta({ description: "Every address can be used, the first and the last, too" }),
  tags: ipTags.default({}),
  vlan: idSchema("vlan").optional(),
  account: accountName.optional().meta({ description: "The account that it is meant for" }),
  project: z.string().max(64).optional(),
  owner: label.default(""),
  region: z.string().max(64).optional(),
  externalId: z.string().max(512).optional().meta({ description: "Of the network or subnet in its cloud" }),
  externalNetwork: z.string().max(512).optional().meta({ description: "Of the network that it is in, in its cloud" }),
  attributes: namedValues().default({}).meta({ description: "Of one's own, as the space's schema says" }),
};

const parentId = idSchema("ip")
  .nullable()
  .optional()
  .meta({ description: "Follows from containment; another one than that is refused and the right one named" });

const reserveUntil = z.iso.datetime({ offset: true }).meta({
  description: "When a reservation ends, if it is not fulfilled before. Given, the status is `reserved`",
});

/** A prefix or an address, as it is planned. */
export const newIp = z.strictObject({ prefix: prefixInput, parentId, ...said, reserveUntil: reserveUntil.optional() });
export type NewIp = z.output<typeof newIp>;

/** What replaces what people say of one. */
export type IpReplacement = NewIp;

/** What the removal of a prefix with all that is inside it removes. */
export const removal = z.object({
  removed: z.int().meta({ description: "Prefixes, itself included" }),
  job: idSchema("job").optional().meta({ description: "What removes them, when they are too many for one step" }),
});

const count = z.union([z.int(), z.string().regex(/^\d+$/)]).meta({
  description: "A number, or its digits as text from 2^53 on",
});

export const utilization = z.object({
  used: count.meta({ description: "Usable addresses that are planned below, in a utilized range, or seen in a cloud" }),
  usable: count,
  reserved: count.meta({ description: "Usable addresses that are reserved below and nothing else" }),
  free: count,
  percentage: z
    .string()
    .meta({ description: "Of usable that is used or reserved, from 0 to 100, cut after two digits" }),
});
export type Utilization = z.output<typeof utilization>;

/** A prefix of a space as the API shows it. */
export const ip = z.object({
  id: idSchema("ip"),
  space: idSchema("space"),
  prefix: z.string(),
  family: z.union([z.literal(4), z.literal(6)]),
  parentId: idSchema("ip").nullable(),
  ...said,
  name: z.string(),
  description: z.string(),
  status: ipStatus,
  pool: z.boolean(),
  tags: namedTexts(),
  resolvedTags: namedTexts().meta({ description: "With what is inherited and implied" }),
  owner: z.string(),
  attributes: namedValues(),
  source: z.enum(IP_SOURCES),
  lastSyncAt: z.iso.datetime().optional(),
  syncStatus: z.enum(SYNC_STATUSES).optional(),
  provider: provider
    .optional()
    .meta({ description: "The cloud that has it as a subnet, whose own addresses are then not usable" }),
  reserveUntil: z.iso.datetime().optional(),
  createdOn: z.iso.datetime(),
  createdBy: z.string(),
  modifiedOn: z.iso.datetime(),
  version: z.int(),
  utilization: utilization.optional().meta({ description: "With `expand=utilization`" }),
});
export type Ip = z.output<typeof ip>;

/** A block between the children of a prefix that nothing is planned or seen in. */
const freeBlock = z.object({ prefix: z.string(), free: z.literal(true) });

/** One prefix, with what of it was asked for by `expand`. */
export const expandedIp = ip.extend({
  children: z
    .array(z.union([ip, freeBlock]))
    .optional()
    .meta({
      description: "With `expand=children`, `free` or both: in the order of addresses, a thousand at most",
    }),
  isCut: z.literal(true).optional().meta({ description: "There is more: list it by `parentId`, page by page" }),
});
export type ExpandedIp = z.output<typeof expandedIp>;
