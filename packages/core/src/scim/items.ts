import { hash } from "node:crypto";
import { scimSource } from "@cadastre/contract/scim-source";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";
import { fold } from "./attribute.ts";

export const ScimSourceItem = defineEntity({
  type: "scim-source",
  about: "A SCIM source: an identity provider that makes users and groups. Read strongly on every request of its token",
  schema: scimSource.omit({ version: true, organization: true }),
  key: { partition: (of: { id: string }) => `scim-source#${of.id}`, sort: () => "source" },
});
export type ScimSourceItem = ItemOf<typeof ScimSourceItem>;

export const SCIM_SOURCES_PARTITION = "scim-sources";

export const ScimSourceListItem = defineEntity({
  type: "scim-source-list",
  about: "The ids of all SCIM sources of an organization, oldest first. Written once for each",
  schema: z.object({ id: z.string() }),
  key: { partition: () => SCIM_SOURCES_PARTITION, sort: (of: { id: string }) => of.id },
});

export const SCIM_TYPES = ["User", "Group"] as const;
export type ScimType = (typeof SCIM_TYPES)[number];

export const ScimResourceItem = defineEntity({
  type: "scim-resource",
  about: "What a SCIM source says of a user or a group, beside the item of the directory; no other source touches it",
  packed: true,
  schema: z.object({
    id: z.string(),
    source: z.string(),
    type: z.enum(SCIM_TYPES),
    piece: z.string().meta({ description: "Of the source's list" }),
    values: z.record(z.string(), z.unknown()),
    createdAt: z.string(),
    updatedAt: z.string(),
  }),
  key: { partition: (of: { id: string }) => `scim#${of.id}`, sort: () => "resource" },
});
export type ScimResourceItem = ItemOf<typeof ScimResourceItem>;

/** Whose list. */
export interface Listing {
  readonly source: string;
  readonly type: ScimType;
}

interface Placed extends Listing {
  readonly piece: string;
  readonly id: string;
}

/** Resources of one piece of a list, some more where several are made at once. */
export const PIECE_SIZE = 500;
export const FIRST_PIECE = "000000";

export const piecePartition = ({ source, type }: Listing, piece: string): string =>
  `scim-list#${source}#${type}#${piece}`;

export const ScimEntryItem = defineEntity({
  type: "scim-entry",
  about: "The ids of the users or groups of a SCIM source, oldest first, in pieces of 500. Written once for each",
  schema: z.object({ source: z.string(), type: z.enum(SCIM_TYPES), piece: z.string(), id: z.string() }),
  key: {
    partition: (of: Placed) => piecePartition(of, of.piece),
    sort: (of: Placed) => of.id,
  },
});

/** What resources are found by, beside id and name, which the directory has. */
export const INDEXED = ["externalId", "emails"] as const;
export type Indexed = (typeof INDEXED)[number];

interface IndexKey extends Listing {
  readonly attribute: Indexed;
  readonly digest: string;
  readonly id: string;
}

/** Of a value, whatever its length and case: what is found by it is compared with the whole value. */
export const digestOf = (value: string): string => hash("sha256", fold(value)).slice(0, 32);

export const indexPartition = ({ source, type, attribute, digest }: Omit<IndexKey, "id">): string =>
  `scim-index#${source}#${type}#${attribute}#${digest}`;

export const ScimIndexItem = defineEntity({
  type: "scim-index",
  about: "That a resource of a SCIM source has an external id or an e-mail address, by a digest of it without case",
  schema: z.object({
    source: z.string(),
    type: z.enum(SCIM_TYPES),
    attribute: z.enum(INDEXED),
    digest: z.string(),
    id: z.string(),
  }),
  key: { partition: (of: IndexKey) => indexPartition(of), sort: (of: IndexKey) => of.id },
});

export const piecesPartition = ({ source, type }: Listing): string => `scim-pieces#${source}#${type}`;

export const ScimPieceItem = defineEntity({
  type: "scim-piece",
  about:
    "How many resources a piece of a SCIM source's list has, so that a place in it is found without reading what is before it. Counted in the commit that makes or removes one",
  schema: z.object({ source: z.string(), type: z.enum(SCIM_TYPES), piece: z.string(), count: z.int().default(0) }),
  key: {
    partition: (of: Listing & { piece: string }) => piecesPartition(of),
    sort: (of: Listing & { piece: string }) => of.piece,
  },
});
export type ScimPieceItem = ItemOf<typeof ScimPieceItem>;
