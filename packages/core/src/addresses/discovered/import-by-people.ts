import type { Discovered, DiscoveredImport } from "@cadastre/contract/addresses/discovered";
import { ProblemError } from "@cadastre/contract/errors";
import type { Stored } from "@cadastre/store/table";
import type { Actor, Context } from "../../context.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { requireSpace } from "../spaces/read.ts";
import { ObservedItem, observedPartition } from "../tree/items.ts";
import { settle } from "../tree/pending.ts";
import { queryAll } from "../tree/query-all.ts";
import { isCalled } from "./blocks.ts";
import { type Candidate, importSeen, readBatch } from "./import-seen.ts";
import { toDiscoveredView } from "./list-discovered.ts";
import { reconcilePrefix } from "./reconcile.ts";

const invalid = (errors: { path: string; message: string }[]): ProblemError =>
  new ProblemError("request.invalid", `${errors[0]?.path}: ${errors[0]?.message}`, { errors });

/** All blocks that ids name. Throws 422 `request.invalid` for one that names nothing in the space, or several things. */
async function readNamed(context: Context, space: string, ids: readonly string[]): Promise<Stored<ObservedItem>[]> {
  const all = await queryAll(context.table, ObservedItem, { partition: observedPartition(space), consistent: true });
  const errors: { path: string; message: string }[] = [];
  const found = ids.map((id, at) => {
    const exact = all.filter(({ externalId }) => externalId === id);
    const items = exact.length > 0 ? exact : all.filter(({ externalId }) => isCalled(externalId, id));
    const names = [...new Set(items.map(({ externalId }) => externalId))];
    const path = `externalIds[${at}]`;
    if (names.length === 0) errors.push({ path, message: "no network or subnet of this id is seen in the space" });
    if (names.length > 1)
      errors.push({ path, message: `several are called so; give the natural id: ${names.slice(0, 5).join(", ")}` });
    return items;
  });
  if (errors.length > 0) throw invalid(errors);
  return [...new Set(found.flat())];
}

const views = (batch: readonly Candidate[]): Discovered[] =>
  batch.map(({ one, ...state }) => toDiscoveredView(one, state));

/** Refuses a batch of which anything is in conflict or blocked: 409 `discovered.refused`, with all that is. */
function requireAll(batch: readonly Candidate[]): void {
  const refused = batch.filter(({ state }) => state === "conflict" || state === "blocked");
  const [first] = refused;
  if (first)
    throw new ProblemError("discovered.refused", `${first.one.prefix} of ${first.one.externalId}: ${first.reason}`, {
      extra: { items: views(refused) },
    });
}

/** What an import of these would do, and why not. Throws 404 `space.not_found`, 422 `request.invalid`. Writes nothing. */
export async function previewImport(
  context: Context,
  space: string,
  { externalIds }: DiscoveredImport,
): Promise<{ items: Discovered[] }> {
  await Promise.all([requireSpace(context, space), settle(context, space)]);
  return { items: views(await readBatch(context, await readNamed(context, space, externalIds))) };
}

/**
 * Takes networks and subnets that are seen in a space over into what is planned there, with all of their blocks: all of the batch or nothing.
 * What is planned already stays. Throws 404 `space.not_found`, 409 `space.deleting`, `discovered.refused` with what is in conflict or blocked,
 * `ip.too_much_inside`, 422 `request.invalid`. Writes what `createIp` writes of each, drift that this resolves, and one audit record.
 */
export async function importDiscovered(
  context: Context,
  actor: Actor,
  space: string,
  input: DiscoveredImport,
): Promise<{ items: Discovered[] }> {
  await requireSpace(context, space);
  const items = await retryOnConflict(async () => {
    const named = await readNamed(context, space, input.externalIds);
    await importSeen(context, actor, space, named, requireAll);
    return named;
  });
  // Whoever dies before this is done leaves it to those who follow what was made.
  for (const prefix of new Set(items.map((one) => one.prefix))) await reconcilePrefix(context, space, prefix);
  return previewImport(context, space, input);
}
