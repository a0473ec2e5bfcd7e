import type { AuditRecord } from "@cadastre/contract/audit/record";
import { audit } from "@cadastre/contract/endpoints/audit";
import type { QueryOf } from "@cadastre/contract/endpoints/types";
import { ProblemError } from "@cadastre/contract/errors";
import { listAuditOfAll, walkAuditOfAll } from "@cadastre/core/access/audit-of-all";
import { toCef } from "@cadastre/core/audit/cef";
import { CSV_HEAD, toCsv } from "@cadastre/core/audit/csv";
import { erasePerson } from "@cadastre/core/audit/erase-person";
import { listAudit } from "@cadastre/core/audit/list";
import { walkAudit } from "@cadastre/core/audit/walk";
import { listAuditKeys, listCheckpoints } from "@cadastre/core/seals/checkpoints";
import { exportAudit } from "@cadastre/core/seals/export";
import { proveRecord } from "@cadastre/core/seals/prove";
import { textResponse } from "../text-response.ts";
import { implement } from "./route.ts";

/** Where nothing can be streamed: less than a function may answer at once. */
const MOST_BYTES = 4 * 1024 * 1024;

type Asked = QueryOf<typeof audit.export>;

const TYPES: Readonly<Record<Asked["format"], string>> = {
  jsonl: "application/jsonl",
  csv: "text/csv; charset=utf-8",
  cef: "text/plain; charset=utf-8",
};

async function* linesOf(found: AsyncIterable<AuditRecord>, format: Asked["format"]): AsyncGenerator<string> {
  if (format === "csv") yield CSV_HEAD;
  for await (const record of found) {
    yield format === "csv" ? toCsv(record) : `${toCef(record)}\n`;
  }
}

const misplaced = (path: string, message: string) =>
  new ProblemError("request.invalid", `${path}: ${message}`, { errors: [{ path, message }] });

/** The whole of a text that cannot be streamed. Throws 413 `request.too_large`. */
async function* bounded(parts: AsyncIterable<string>): AsyncGenerator<string> {
  const all: string[] = [];
  let size = 0;
  for await (const part of parts) {
    all.push(part);
    size += Buffer.byteLength(part);
    if (size > MOST_BYTES)
      throw new ProblemError("request.too_large", "more than 4 MB: narrow it by since and until, or take format=jsonl");
  }
  yield all.join("");
}

export const AUDIT_ROUTES = implement(audit, {
  list({ context, actor, query: { entity_type: entityType, entity_id: entityId, organization, ...query } }) {
    const asked = { ...query, entityType, entityId };
    return organization === undefined ? listAudit(context, asked) : listAuditOfAll(context, actor, asked);
  },
  checkpoints: ({ context, query }) => listCheckpoints(context, query),
  async export({ context, actor, query, services: { following } }) {
    const { format, since, until, after, organization } = query;
    if (format !== "jsonl" && after !== undefined) throw misplaced("after", "is for format=jsonl");
    if (format === "jsonl" && organization !== undefined)
      throw misplaced(
        "organization",
        "is for format=csv and cef: each organization has a chain of checkpoints of its own",
      );
    const limits = following ? {} : { mostBytes: MOST_BYTES };
    const span = { since, until };
    const found = async () =>
      organization === undefined ? walkAudit(context, span) : walkAuditOfAll(context, actor, span);
    const all =
      format === "jsonl" ? exportAudit(context, { ...span, after, ...limits }) : linesOf(await found(), format);
    return textResponse(following || format === "jsonl" ? all : bounded(all), TYPES[format]);
  },
  publicKey: async ({ context }) => {
    const keys = await listAuditKeys(context);
    return new Response(keys.map(({ pem }) => pem).join(""), { headers: { "content-type": "application/x-pem-file" } });
  },
  erase: ({ context, actor, params }) => erasePerson(context, actor, params.id),
  prove: ({ context, params }) => proveRecord(context, params.id),
});
