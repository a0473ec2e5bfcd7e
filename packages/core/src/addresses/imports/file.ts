import { hash } from "node:crypto";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { put } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { inGroups } from "../../in-parallel.ts";
import { FileProblem } from "../transfer/file-problem.ts";
import { type AddressImportItem, endOf, FILE_DAYS, ImportPartItem, ImportPieceItem, importPartition } from "./items.ts";

/** Bytes in one item. */
const PIECE_BYTES = 300 * 1024;
const DIGEST_CHARACTERS = 32;
/** Pieces that are written together: what a caller sends is held anyway. */
const AT_ONCE = 5;

type Sent = Pick<AddressImportItem, "id" | "createdOn">;

/**
 * Stores the bytes of a part under their digest and answers the item that says that they are there: until that is written nobody reads
 * them, and of two who send a part at once each has pieces of its own.
 */
export async function storePart(
  { table }: Pick<Context, "table">,
  of: Sent,
  part: number,
  bytes: Uint8Array,
): Promise<Parameters<typeof put<typeof ImportPartItem>>[1]> {
  const digest = hash("sha256", bytes).slice(0, DIGEST_CHARACTERS);
  const expiresAtSeconds = endOf(of.createdOn, FILE_DAYS);
  const count = Math.ceil(bytes.length / PIECE_BYTES);
  const pieces = Array.from({ length: count }, (_, piece) =>
    put(ImportPieceItem, {
      import: of.id,
      part,
      digest,
      piece,
      bytes: new Uint8Array(bytes.subarray(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES)),
      expiresAtSeconds,
    }),
  );
  for (const some of inGroups(pieces, AT_ONCE)) await table.load(some);
  return { import: of.id, part, digest, pieces: count, expiresAtSeconds };
}

/** The parts that are there, in their order. */
export async function partsOf({ table }: Pick<Context, "table">, id: string) {
  const { items } = await table.query(ImportPartItem, {
    partition: importPartition(id),
    sort: { beginsWith: "part#" },
    consistent: true,
  });
  return items;
}

async function* sentBytes(context: Pick<Context, "table">, id: string): AsyncGenerator<Uint8Array> {
  for (const { part, digest, pieces } of await partsOf(context, id)) {
    for (let piece = 0; piece < pieces; piece++) {
      const key = { import: id, part, digest, piece };
      const item = await context.table.get(ImportPieceItem, key, { consistent: true });
      if (!item) throw new FileProblem("incomplete", "the file is not kept any more; send it again");
      yield item.bytes;
    }
  }
}

/** The bytes of the file of an import as it was before it was compressed, a piece at a time. Throws FileProblem. */
export async function* fileBytes(
  context: Pick<Context, "table">,
  { id, isGzip }: Pick<AddressImportItem, "id" | "isGzip">,
): AsyncGenerator<Uint8Array> {
  const sent = sentBytes(context, id);
  if (!isGzip) return yield* sent;
  const source = Readable.from(sent, { objectMode: false });
  const plain = createGunzip();
  source.on("error", (error) => plain.destroy(error));
  try {
    yield* source.pipe(plain) as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (error instanceof FileProblem) throw error;
    if (
      typeof (error as NodeJS.ErrnoException).code === "string" &&
      String((error as NodeJS.ErrnoException).code).startsWith("Z_")
    )
      throw new FileProblem("malformed", "the file is no valid gzip");
    throw error;
  } finally {
    source.destroy();
    plain.destroy();
  }
}
