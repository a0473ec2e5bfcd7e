import type { AddressExportFormat } from "@cadastre/contract/addresses/import";
import { addressImports } from "@cadastre/contract/endpoints/address-imports";
import type { QueryOf } from "@cadastre/contract/endpoints/types";
import { exportSpace } from "@cadastre/core/addresses/exports/export-space";
import { cancelImport, getImport, listProblems } from "@cadastre/core/addresses/imports/imports";
import { createImport, type NewImport, uploadPart } from "@cadastre/core/addresses/imports/start";
import { boundedFile, fileResponse } from "../file-response.ts";
import { implement } from "./route.ts";

/** Where nothing can be streamed: less than a function may answer at once. */
const MOST_BYTES = 4 * 1024 * 1024;

const TYPES: Readonly<Record<AddressExportFormat, string>> = {
  csv: "text/csv; charset=utf-8",
  json: "application/json",
  jsonl: "application/jsonl",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  zip: "application/zip",
};

/** What a column of a file stands for: `COLUMN=MEMBER`, of which the column may have more of these signs. */
function toColumn(text: string): [string, string] {
  const at = text.lastIndexOf("=");
  return [text.slice(0, at), text.slice(at + 1)];
}

function toSettings({ column = [], parts = 1, ...query }: QueryOf<typeof addressImports.create>): NewImport {
  const { name = "", duplicates = "fail", mode = "all-or-nothing", dryRun = false, format, sheet, vrf } = query;
  return {
    name,
    duplicates,
    mode,
    dryRun,
    columns: column.map(toColumn),
    parts,
    ...(format === undefined ? {} : { format }),
    ...(sheet === undefined ? {} : { sheet }),
    ...(vrf === undefined ? {} : { vrf }),
  };
}

/** The id of an import in the target of its record. */
const idIn = (target: string): string => target.slice(target.indexOf("/") + 1);

export const ADDRESS_IMPORT_ROUTES = implement(addressImports, {
  create: {
    handle: ({ context, actor, params, query, body, services }) =>
      createImport(context, actor, params.spaceId, toSettings(query), { file: body, clock: services.context.now }),
    replay: ({ context, params }, { target }) => getImport(context, params.spaceId, idIn(target)),
  },
  upload: ({ context, actor, params: { spaceId, id, part }, body }) =>
    uploadPart(context, actor, spaceId, id, { part, file: body }),
  get: ({ context, params }) => getImport(context, params.spaceId, params.id),
  problems: ({ context, params, query }) => listProblems(context, params.spaceId, params.id, query),
  cancel: ({ context, actor, params }) => cancelImport(context, actor, params.spaceId, params.id),
  export: async ({ context, params: { spaceId }, query, services: { following } }) => {
    const parts = await exportSpace(context, spaceId, query);
    const whole = following ? parts : boundedFile(parts, MOST_BYTES);
    return fileResponse(whole, { type: TYPES[query.format], name: `${spaceId}.${query.format}` });
  },
});
