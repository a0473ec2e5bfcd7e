import { hash } from "node:crypto";
import { type AddressImport, type ImportSettings, MOST_PARTS } from "@cadastre/contract/addresses/import";
import type { SentFile } from "@cadastre/contract/endpoints/types";
import { ProblemError } from "@cadastre/contract/errors";
import { newIdAt } from "@cadastre/contract/ids";
import { create, put, replace } from "@cadastre/store/table";
import { toAskedBy } from "../../asked-by.ts";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../../context.ts";
import { runNow } from "../../jobs/run-now.ts";
import { newRun } from "../../jobs/start.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { enterSpace } from "../spaces/gate.ts";
import { partsOf, storePart } from "./file.ts";
import { requireImport, toImportView } from "./imports.ts";
import { AddressImportItem, endOf, IMPORT_DAYS, ImportPartItem } from "./items.ts";
import { importAddresses, initialState } from "./job.ts";

/** A file of so many bytes is imported while whoever sends it waits, as long as that does not take too long. */
const MOST_BYTES_AT_ONCE = 256 * 1024;
const MOST_SECONDS_AT_ONCE = 5;
const DIGEST_CHARACTERS = 32;

export interface NewImport extends ImportSettings {
  readonly parts: number;
}

const invalid = (path: string, message: string): ProblemError =>
  new ProblemError("request.invalid", `${path}: ${message}`, { errors: [{ path, message }] });

const runFor = (context: Context, actor: Actor, of: Pick<AddressImportItem, "id" | "space">) =>
  newRun(importAddresses, {
    now: context.now(),
    createdBy: actorName(actor),
    state: initialState(of, toAskedBy(actor)),
  });

const auditTarget = ({ space, id }: Pick<AddressImportItem, "space" | "id">): string => `${space}/${id}`;

/**
 * Begins the import of a file, or of one whose first part this is. `clock` goes on while a request waits. Throws 404 `space.not_found`, 409
 * `space.deleting`. Writes the bytes, the import, a run of the job `import-addresses` where the file is whole, and one audit record; the job
 * writes what `createIp` and `replaceIp` write but for their records.
 */
export async function createImport(
  context: Context,
  actor: Actor,
  space: string,
  { parts, ...settings }: NewImport,
  { file, clock }: { readonly file: SentFile; readonly clock: () => Date },
): Promise<AddressImport> {
  const now = context.now();
  const id = newIdAt("addressImport", now);
  const createdOn = now.toISOString();
  await enterSpace(context, space);
  const part = await storePart(context, { id, createdOn }, 1, file.bytes);
  const started = parts === 1 ? runFor(context, actor, { id, space }) : undefined;
  const item: AddressImportItem = {
    id,
    space,
    settings,
    parts,
    isGzip: file.isGzip,
    ignored: [],
    rows: 0,
    counts: { create: 0, update: 0, skip: 0, refuse: 0 },
    problems: 0,
    ...(started ? { job: started.run.id } : {}),
    createdOn,
    createdBy: actorName(actor),
    expiresAtSeconds: endOf(createdOn, IMPORT_DAYS),
  };
  const { name, duplicates, mode, dryRun } = settings;
  const digest = hash("sha256", file.bytes).slice(0, DIGEST_CHARACTERS);
  const detail = { name, duplicates, mode, dryRun, parts, bytes: file.bytes.length, digest, job: started?.run.id };
  await retryOnConflict(async () => {
    const { gate } = await enterSpace(context, space);
    await commitRecorded(
      context,
      actor,
      [create(AddressImportItem, item), put(ImportPartItem, part), gate, ...(started?.writes ?? [])],
      { action: "space-import.create", target: auditTarget(item), detail },
    );
  });
  if (started) await begin(context, started.run.id, { isSmall: isSmall(file), clock });
  return toImportView(context, await requireImport(context, space, id));
}

/** What is compressed may be of any size. */
const isSmall = ({ bytes, isGzip }: SentFile): boolean => !isGzip && bytes.length <= MOST_BYTES_AT_ONCE;

async function begin(
  context: Context,
  job: string,
  { isSmall: isNow, clock }: { readonly isSmall: boolean; readonly clock: () => Date },
): Promise<void> {
  if (!isNow) return context.onJobStarted?.();
  const until = new Date(clock().getTime() + MOST_SECONDS_AT_ONCE * 1000);
  await runNow({ ...context, now: clock }, importAddresses, job, until);
}

/**
 * Takes a further part of a file; with the last one that is missing the import begins. Of several at once each commits at the import's
 * version, so that one of them sees all the others. Throws 404 `space.not_found`, `import.not_found`, 409 `space.deleting`, `import.state`
 * when nothing is missing any more, 422 `request.invalid`. Writes the bytes, the part, the run with the last one, and one audit record.
 */
export async function uploadPart(
  context: Context,
  actor: Actor,
  space: string,
  id: string,
  { part, file }: { readonly part: number; readonly file: SentFile },
): Promise<AddressImport> {
  await enterSpace(context, space);
  const first = await requireImport(context, space, id);
  if (part > first.parts || part > MOST_PARTS) throw invalid("part", `the file has ${first.parts} parts`);
  if (file.isGzip !== first.isGzip)
    throw invalid(
      "content-encoding",
      first.isGzip ? "the first part is compressed" : "the first part is not compressed",
    );
  if (first.job !== undefined) throw new ProblemError("import.state", "no part is missing: it has begun");
  const stored = await storePart(context, first, part, file.bytes);
  const job = await retryOnConflict(async () => {
    const { gate } = await enterSpace(context, space);
    const { version, ...item } = await requireImport(context, space, id);
    if (item.job !== undefined) throw new ProblemError("import.state", "no part is missing: it has begun");
    const there = new Set((await partsOf(context, id)).map((one) => one.part)).add(part);
    const started = there.size === item.parts ? runFor(context, actor, item) : undefined;
    const next = { ...item, ...(started ? { job: started.run.id } : {}) };
    const detail = { part, bytes: file.bytes.length, digest: stored.digest, job: started?.run.id };
    await commitRecorded(
      context,
      actor,
      [replace(AddressImportItem, next, version), put(ImportPartItem, stored), gate, ...(started?.writes ?? [])],
      { action: "space-import.upload", target: auditTarget(item), detail },
    );
    return started?.run.id;
  });
  if (job !== undefined) context.onJobStarted?.();
  return toImportView(context, await requireImport(context, space, id));
}
