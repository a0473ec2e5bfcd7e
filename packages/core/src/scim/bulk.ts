import { ProblemError } from "@cadastre/contract/errors";
import { inOrder, referencesIn, referred, withIds } from "./bulk-order.ts";
import { type BulkEntry, type BulkOperation, readBulk } from "./bulk-request.ts";
import { scimError, scimStatus } from "./messages.ts";
import { getResource, operationsOf } from "./operate.ts";
import type { Service } from "./service.ts";

const RESPONSE_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

type Document = Readonly<Record<string, unknown>>;

export interface BulkOptions {
  /** Any error as one that may be shown. */
  readonly toProblem: (error: unknown) => ProblemError;
  /** Told of each operation that is refused. */
  readonly onRefused: (entry: BulkEntry, error: ProblemError) => Promise<void>;
}

interface Run extends BulkOptions {
  readonly service: Service;
  /** Of what the request makes, by its bulkId: whether it was made or not. */
  readonly planned: ReadonlyMap<string, string>;
  readonly made: Map<string, string>;
  readonly circular: ReadonlySet<BulkEntry>;
}

/**
 * Does the operations of a bulk request (RFC 7644 §3.7), each by itself with its own commit and record, after those that make what it refers to
 * by bulkId. Who waits for each other in a circle is given the ids beforehand. After `failOnErrors` errors nothing further is done. Throws
 * `scim.invalid_syntax` for what is no bulk request, 413 `request.too_large` for too many operations, before anything is done.
 */
export async function runBulk(service: Service, body: unknown, options: BulkOptions): Promise<Document> {
  const { failOnErrors, entries } = readBulk(body);
  const { order, circular } = inOrder(entries);
  const planned = new Map(
    entries.flatMap(({ bulkId, read }) =>
      bulkId === undefined || read instanceof ProblemError || read.method !== "POST"
        ? []
        : [[bulkId, operationsOf(read.type).newId(service)] as const],
    ),
  );
  const run: Run = { ...options, service, planned, made: new Map(), circular };
  const results = new Map<BulkEntry, Document>();
  let errors = 0;
  for (const entry of order) {
    if (errors >= failOnErrors) break;
    const { result, isError } = await doEntry(run, entry);
    results.set(entry, result);
    errors += Number(isError);
  }
  return {
    schemas: [RESPONSE_SCHEMA],
    Operations: entries.flatMap((entry) => results.get(entry) ?? []),
  };
}

async function doEntry(run: Run, entry: BulkEntry): Promise<{ readonly result: Document; readonly isError: boolean }> {
  const { method, bulkId, read } = entry;
  const head = { method, ...(bulkId === undefined ? {} : { bulkId }) };
  try {
    if (read instanceof ProblemError) throw read;
    return { result: { ...head, ...(await operate(run, entry, read)) }, isError: false };
  } catch (error) {
    const problem = run.toProblem(error);
    await run.onRefused(entry, problem);
    const isThere = !(read instanceof ProblemError) && read.id !== undefined && referred(read.id) === undefined;
    const location = isThere ? { location: `${run.service.base}${read.type.endpoint}/${read.id}` } : {};
    const result = { ...head, ...location, status: String(scimStatus(problem)), response: scimError(problem) };
    return { result, isError: true };
  }
}

/** The ids that an operation may be told. Throws 409 `scim.conflict` when it refers to what was not made. */
function idsFor(
  { planned, made, circular }: Run,
  entry: BulkEntry,
  operation: BulkOperation,
): ReadonlyMap<string, string> {
  const ids = circular.has(entry) ? planned : made;
  const own = referred(operation.id ?? "");
  for (const name of [...referencesIn(operation.data), ...(own === undefined ? [] : [own])]) {
    if (!ids.has(name)) {
      throw new ProblemError(
        "scim.conflict",
        `the bulkId ${JSON.stringify(name.slice(0, 60))} is of nothing that was made`,
      );
    }
  }
  return ids;
}

async function operate(run: Run, entry: BulkEntry, operation: BulkOperation): Promise<Document> {
  const { service, planned, made } = run;
  const { method, type, version, bulkId } = operation;
  const ids = idsFor(run, entry, operation);
  const data = withIds(operation.data, ids);
  const operations = operationsOf(type);
  const expected = { ifMatch: version };
  if (method === "POST") {
    const id = await operations.create(service, data, planned.get(bulkId ?? ""));
    if (bulkId !== undefined) made.set(bulkId, id);
    const { etag, location } = await getResource(service, type, id, NOTHING);
    return { location, version: etag, status: "201" };
  }
  const id = ids.get(referred(operation.id ?? "") ?? "") ?? decodeURIComponent(operation.id ?? "");
  if (method === "DELETE") {
    await operations.remove(service, id, expected);
    return { location: `${service.base}${type.endpoint}/${id}`, status: "204" };
  }
  await operations[method === "PUT" ? "replace" : "patch"](service, id, data, expected);
  const { etag, location } = await getResource(service, type, id, NOTHING);
  return { location, version: etag, status: "200" };
}

/** Of what was done only its version and place are told. */
const NOTHING = { attributes: ["id"] };
