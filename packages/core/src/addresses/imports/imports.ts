import type { AddressImport, ImportProblem, ImportState } from "@cadastre/contract/addresses/import";
import { addressImport, importProblem } from "@cadastre/contract/addresses/import";
import { ProblemError } from "@cadastre/contract/errors";
import type { Job } from "@cadastre/contract/job";
import type { Stored } from "@cadastre/store/table";
import type { Actor, Context } from "../../context.ts";
import { cancelJob } from "../../jobs/cancel.ts";
import { getJob } from "../../jobs/list.ts";
import { type Listed, type ListOptions, selectPage } from "../../lists.ts";
import { requireSpace } from "../spaces/read.ts";
import { partsOf } from "./file.ts";
import { AddressImportItem, ImportProblemItem, problemsPartition } from "./items.ts";

/** An import of a space. Throws 404 `import.not_found`, also for one of another space. */
export async function requireImport(
  { table }: Pick<Context, "table">,
  space: string,
  id: string,
): Promise<Stored<AddressImportItem>> {
  const item = await table.get(AddressImportItem, { id }, { consistent: true });
  if (item?.space !== space) throw new ProblemError("import.not_found");
  return item;
}

/** A run that is not kept any more has ended; what it came to the import would say. */
async function runOf(context: Context, job: string | undefined): Promise<Job | undefined> {
  if (job === undefined) return undefined;
  return getJob(context, job).catch((error: unknown) => {
    if (error instanceof ProblemError && error.code === "job.not_found") return undefined;
    throw error;
  });
}

function stateOf({ result, job }: AddressImportItem, run: Job | undefined): ImportState {
  if (result !== undefined) return result;
  if (job === undefined) return "uploading";
  return run?.state ?? "failed";
}

/** What the API shows of an import. */
export async function toImportView(context: Context, item: Stored<AddressImportItem>): Promise<AddressImport> {
  const { settings, job } = item;
  const run = await runOf(context, job);
  const partsThere = job === undefined ? (await partsOf(context, item.id)).length : item.parts;
  const { name, duplicates, mode, dryRun } = settings;
  const state = stateOf(item, run);
  const isOpen = state === "waiting" || state === "running";
  return addressImport.parse({
    ...item,
    name,
    duplicates,
    mode,
    dryRun,
    state,
    partsThere,
    ...(isOpen && run ? { progress: run.progress } : {}),
    ...(item.error === undefined && run?.error !== undefined && item.result === undefined ? { error: run.error } : {}),
    ...(item.endedOn === undefined && run?.endedAt !== undefined ? { endedOn: run.endedAt } : {}),
  });
}

/** One import. Throws 404 `space.not_found`, `import.not_found`. */
export async function getImport(context: Context, space: string, id: string): Promise<AddressImport> {
  await requireSpace(context, space);
  return toImportView(context, await requireImport(context, space, id));
}

/** What is wrong with the rows of an import, in their order. Throws 404 `space.not_found`, `import.not_found`, 422 `cursor.invalid`. */
export async function listProblems(
  context: Context,
  space: string,
  id: string,
  options: ListOptions,
): Promise<Listed<ImportProblem>> {
  await requireSpace(context, space);
  await requireImport(context, space, id);
  return selectPage(
    context,
    {
      list: "import-problems",
      filters: { id },
      entity: ImportProblemItem,
      partition: problemsPartition(id),
      select: async (items) => items.map((item) => importProblem.parse(item)),
    },
    options,
  );
}

/**
 * Stops an import after the step that is under way. What it did stays, each step complete. Throws 404 `space.not_found`, `import.not_found`,
 * 409 `import.state` for one that has not begun or has ended. Writes what `cancelJob` writes.
 */
export async function cancelImport(context: Context, actor: Actor, space: string, id: string): Promise<AddressImport> {
  await requireSpace(context, space);
  const { job, result } = await requireImport(context, space, id);
  if (job === undefined)
    throw new ProblemError("import.state", "it waits for parts of its file, and ends by itself without them");
  if (result !== undefined) throw new ProblemError("import.state", `it is ${result}`);
  try {
    await cancelJob(context, actor, job);
  } catch (error) {
    if (!(error instanceof ProblemError) || !["job.ended", "job.not_found"].includes(error.code)) throw error;
    throw new ProblemError("import.state", "it has ended", { cause: error });
  }
  return getImport(context, space, id);
}
