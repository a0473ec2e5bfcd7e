import { addressImport, importProblem, importSettings } from "@cadastre/contract/addresses/import";
import { prefixKey } from "@cadastre/net/key";
import { parsePrefix } from "@cadastre/net/prefix";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

interface OfImport {
  readonly import: string;
}

export const importPartition = (id: string): string => `address-import#${id}`;

export const AddressImportItem = defineEntity({
  type: "address-import",
  about: "An import of a file into an address space: how, how far it is, and what came of it; kept for 30 days",
  schema: addressImport
    .pick({
      id: true,
      space: true,
      parts: true,
      ignored: true,
      rows: true,
      counts: true,
      problems: true,
      file: true,
      format: true,
      error: true,
      job: true,
      createdOn: true,
      createdBy: true,
      endedOn: true,
    })
    .extend({
      settings: importSettings,
      isGzip: z.boolean(),
      /** What it came to; absent while it goes on. A run that failed or was cancelled says that itself. */
      result: z.enum(["done", "refused", "undone", "failed"]).optional(),
      expiresAtSeconds: z.int(),
    }),
  key: { partition: (of: { id: string }) => importPartition(of.id), sort: () => "import" },
  expires: "expiresAtSeconds",
});
export type AddressImportItem = ItemOf<typeof AddressImportItem>;

interface OfPart extends OfImport {
  readonly part: number;
}

export const ImportPartItem = defineEntity({
  type: "address-import-part",
  about: "A part of the file of an import that was sent whole, by the digest of its bytes; kept for two days",
  schema: z.object({
    import: z.string(),
    part: z.int(),
    digest: z.string(),
    pieces: z.int(),
    expiresAtSeconds: z.int(),
  }),
  key: {
    partition: (of: OfPart) => importPartition(of.import),
    sort: (of: OfPart) => `part#${String(of.part).padStart(3, "0")}`,
  },
  expires: "expiresAtSeconds",
});

interface OfPiece extends OfPart {
  readonly digest: string;
  readonly piece: number;
}

export const ImportPieceItem = defineEntity({
  type: "address-import-piece",
  about: "Bytes of a part of the file of an import; kept for two days",
  schema: z.object({
    import: z.string(),
    part: z.int(),
    digest: z.string(),
    piece: z.int(),
    bytes,
    expiresAtSeconds: z.int(),
  }),
  key: {
    partition: (of: OfPiece) => `${importPartition(of.import)}#file`,
    sort: (of: OfPiece) => `${String(of.part).padStart(3, "0")}#${of.digest}#${String(of.piece).padStart(3, "0")}`,
  },
  expires: "expiresAtSeconds",
});

interface OfRow extends OfImport {
  readonly prefix: string;
  readonly row: number;
}

export const rowsPartition = (id: string): string => `${importPartition(id)}#rows`;

/** Sort keys of the rows of a prefix begin so; rows come in the order of addresses, then as the file has them. */
export const rowsOf = (prefix: string): string => `${prefixKey(parsePrefix(prefix))}#`;

export const ImportRowItem = defineEntity({
  type: "address-import-row",
  about:
    "A row of the file of an import, in the order of addresses: what is held of a file is a page of these; kept for two days",
  schema: z.object({
    import: z.string(),
    prefix: z.string(),
    row: z.int(),
    /** All that the row says, as JSON. */
    said: z.string(),
    expiresAtSeconds: z.int(),
  }),
  key: {
    partition: (of: OfRow) => rowsPartition(of.import),
    sort: (of: OfRow) => rowsOf(of.prefix) + String(of.row).padStart(7, "0"),
  },
  packed: true,
  expires: "expiresAtSeconds",
});
export type ImportRowItem = ItemOf<typeof ImportRowItem>;

export const problemsPartition = (id: string): string => `${importPartition(id)}#problems`;

export const ImportProblemItem = defineEntity({
  type: "address-import-problem",
  about: "What is wrong with a row of the file of an import, by its number; kept for 30 days",
  schema: importProblem.extend({ import: z.string(), place: z.int(), expiresAtSeconds: z.int() }),
  key: {
    partition: (of: OfImport & { row: number; place: number }) => problemsPartition(of.import),
    sort: (of: OfImport & { row: number; place: number }) =>
      `${String(of.row).padStart(7, "0")}#${String(of.place).padStart(4, "0")}`,
  },
  expires: "expiresAtSeconds",
});

export const DAY_SECONDS = 86_400;

/** When what is kept for so many days from the beginning of an import ends. */
export const endOf = (createdOn: string, days: number): number =>
  Math.floor(Date.parse(createdOn) / 1000) + days * DAY_SECONDS;

/** Days for which the file and its rows are kept, and what is told of the import. */
export const FILE_DAYS = 2;
export const IMPORT_DAYS = 30;
