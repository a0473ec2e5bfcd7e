import { ProblemError } from "@cadastre/contract/errors";
import { fold, isValues, type ResourceType } from "./attribute.ts";
import { requireObject, requireSchema } from "./read-resource.ts";
import { membersOf } from "./read-value.ts";
import { RESOURCE_TYPES } from "./schemas.ts";

const BULK_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/** Of one bulk request; bytes of it after decompression. */
export const BULK_LIMITS = { maxOperations: 1000, maxPayloadSize: 1_048_576 } as const;

const METHODS = ["POST", "PUT", "PATCH", "DELETE"] as const;
export type BulkMethod = (typeof METHODS)[number];

export interface BulkOperation {
  readonly method: BulkMethod;
  readonly type: ResourceType;
  /** Of what is there: its id, or `bulkId:…` of what the same request makes. */
  readonly id?: string;
  readonly bulkId?: string;
  /** The ETag that it must have. */
  readonly version?: string;
  readonly data?: unknown;
}

/** One operation as it was sent: what can be answered of it even when it is none. */
export interface BulkEntry {
  readonly method: string;
  readonly bulkId?: string;
  readonly read: BulkOperation | ProblemError;
}

export interface BulkRequest {
  /** After how many errors no further operation is done. */
  readonly failOnErrors: number;
  readonly entries: readonly BulkEntry[];
}

const PATH = /^\/?(Users|Groups)(?:\/([^/?#]+))?\/?$/i;

const invalid = (path: string, message: string) =>
  new ProblemError("scim.invalid_syntax", `${path}: ${message}`, { errors: [{ path, message }] });

/** Throws `scim.invalid_syntax`, and 413 `request.too_large` for more operations than are allowed. */
export function readBulk(body: unknown): BulkRequest {
  const given = requireObject(body);
  requireSchema(given, BULK_SCHEMA);
  const named = new Map(membersOf(given, "", fold).map(([name, value]) => [name, value]));
  const operations = named.get("operations");
  if (!Array.isArray(operations)) throw invalid("Operations", "must be a list");
  if (operations.length > BULK_LIMITS.maxOperations) {
    throw new ProblemError(
      "request.too_large",
      `it has ${operations.length} operations, maxOperations is ${BULK_LIMITS.maxOperations}`,
    );
  }
  const failOnErrors = named.get("failonerrors") ?? Number.POSITIVE_INFINITY;
  if (typeof failOnErrors !== "number" || failOnErrors < 1) throw invalid("failOnErrors", "must be a number from 1");
  const entries = operations.map(readEntry);
  requireOnce(entries);
  return { failOnErrors, entries };
}

/** What two operations would both be called could be meant by neither. */
function requireOnce(entries: readonly BulkEntry[]): void {
  const seen = new Set<string>();
  for (const { bulkId } of entries) {
    if (bulkId !== undefined && seen.has(bulkId))
      throw invalid("Operations", `the bulkId ${JSON.stringify(bulkId)} is there twice`);
    if (bulkId !== undefined) seen.add(bulkId);
  }
}

function readEntry(one: unknown, at: number): BulkEntry {
  const place = `Operations[${at}]`;
  const given = new Map(isValues(one) ? membersOf(one, `${place}.`, fold).map(([name, value]) => [name, value]) : []);
  const [method, bulkId] = [given.get("method"), given.get("bulkid")];
  const name = typeof method === "string" ? method.toUpperCase().slice(0, 20) : "";
  const head = { method: name, ...(typeof bulkId === "string" ? { bulkId } : {}) };
  try {
    return { ...head, read: readOperation(given, head, place) };
  } catch (error) {
    if (error instanceof ProblemError) return { ...head, read: error };
    throw error;
  }
}

function readOperation(
  given: ReadonlyMap<string, unknown>,
  { method, bulkId }: Pick<BulkEntry, "method" | "bulkId">,
  place: string,
): BulkOperation {
  const known = METHODS.find((one) => one === method);
  if (!known) throw invalid(`${place}.method`, `must be one of ${METHODS.join(", ")}`);
  const path = given.get("path");
  const [, name, id] = (typeof path === "string" ? PATH.exec(path) : undefined) ?? [];
  const type = RESOURCE_TYPES.find(({ endpoint }) => name !== undefined && fold(endpoint) === fold(`/${name}`));
  if (!type) throw invalid(`${place}.path`, "must be /Users or /Groups, with an id behind it but for POST");
  if ((known === "POST") !== (id === undefined))
    throw invalid(`${place}.path`, known === "POST" ? "has an id" : "has no id");
  if (known === "POST" && bulkId === undefined) throw invalid(`${place}.bulkId`, "is required for POST");
  if (known !== "DELETE" && !isValues(given.get("data")) && !Array.isArray(given.get("data"))) {
    throw invalid(`${place}.data`, "is required");
  }
  const version = given.get("version");
  return {
    method: known,
    type,
    data: given.get("data"),
    ...(id === undefined ? {} : { id }),
    ...(bulkId === undefined ? {} : { bulkId }),
    ...(typeof version === "string" && version !== "" ? { version } : {}),
  };
}
