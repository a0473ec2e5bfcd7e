import type { AddressExportFormat } from "@cadastre/contract/addresses/import";
import { type Prefix, parsePrefix } from "@cadastre/net/prefix";
import type { Context } from "../../context.ts";
import { requireSpace } from "../spaces/read.ts";
import { readTagDefinitions } from "../tags/definitions.ts";
import { writeCsv } from "../transfer/write/csv.ts";
import { writeJson, writeJsonLines } from "../transfer/write/json.ts";
import { writeSpaceZip } from "../transfer/write/space-zip.ts";
import { type ExportedPrefix, prefixTable } from "../transfer/write/tables.ts";
import { writeXlsx } from "../transfer/write/xlsx.ts";
import { IpItem, ipSort, spacePartition } from "../tree/items.ts";
import { settle } from "../tree/pending.ts";
import { boundsOf, boundsWithin } from "../tree/ranges.ts";
import { isThere } from "../tree/view.ts";

export interface ExportOptions {
  readonly format: AddressExportFormat;
  /** Only this prefix and what is inside it. */
  readonly within?: string | undefined;
  /** Only what comes behind this one in the order of addresses. */
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

const READ_AT_ONCE = 200;

function boundsFor({ within, after }: ExportOptions): { after: string; before: string } {
  const bounds = within === undefined ? boundsOf(undefined) : boundsWithin(parsePrefix(within), { itself: true });
  const at: Prefix | undefined = after === undefined ? undefined : parsePrefix(after);
  return at !== undefined && ipSort(at) > bounds.after ? { ...bounds, after: ipSort(at) } : bounds;
}

function toExported(item: IpItem): ExportedPrefix {
  const { prefix, name, description, status, pool, tags, vlan, account, project, owner } = item;
  const { externalId, externalNetwork, region, reserveUntil, attributes } = item;
  const known = { vlan, account, project, owner, externalId, externalNetwork, region, reserveUntil };
  return { prefix, name, description, status, pool, tags, ...known, attributes };
}

/** Prefixes as they are written, a page at a time, each page as it is when it is read. */
async function* walk(context: Context, space: string, options: ExportOptions): AsyncGenerator<ExportedPrefix> {
  const { limit = Number.POSITIVE_INFINITY } = options;
  let cursor: string | undefined;
  let written = 0;
  do {
    const page = await context.table.query(IpItem, {
      partition: spacePartition(space),
      sort: boundsFor(options),
      limit: READ_AT_ONCE,
      cursor,
      consistent: true,
    });
    for (const item of page.items) {
      if (!isThere(item, context.now())) continue;
      if (written === limit) return;
      written += 1;
      yield toExported(item);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
}

async function* tagsOf(context: Context, space: string) {
  yield* (await readTagDefinitions(context, space)).values();
}

async function* none(): AsyncGenerator<never> {}

/**
 * The prefixes of a space as a file, piece by piece: what is held is a page of them. A read unit for each 4 KB. Throws 404
 * `space.not_found` before the first piece; FileProblem for what a sheet of a workbook does not take.
 */
export async function exportSpace(
  context: Context,
  id: string,
  options: ExportOptions,
): Promise<AsyncIterable<string | Uint8Array>> {
  const space = await requireSpace(context, id);
  await settle(context, id);
  const prefixes = walk(context, id, options);
  const at = context.now();
  switch (options.format) {
    case "csv":
      return writeCsv(prefixTable, prefixes);
    case "json":
      return writeJson(prefixes);
    case "jsonl":
      return writeJsonLines(prefixes);
    case "xlsx":
      return writeXlsx(prefixTable, prefixes, { sheet: "prefixes", at });
    case "zip":
      return writeSpaceZip(
        { prefixes, ranges: none(), tags: tagsOf(context, id), vlans: none() },
        { space: id, name: space.name, at },
      );
  }
}
