import { ProblemError } from "@cadastre/contract/errors";
import type { Provider } from "@cadastre/contract/scope";
import type { Resource, ResourceEvent, ResourcePatch } from "@cadastre/contract/view";
import { ConflictError } from "@cadastre/store/errors";
import { put, replace } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { changesBetween } from "../changes.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { partitions } from "./entries.ts";
import { EventItem, IndexItem, ResourceItem } from "./items.ts";
import { createSightings, readResource, toResource } from "./view.ts";

/** One resource, active or retired, by its natural id or its short id. Throws `resource.not_found`. */
export async function getResource(context: Context, id: string): Promise<Resource> {
  const item = await readResource(context, id);
  const lastSeenAt = await createSightings(context, [item]);
  return toResource(item, lastSeenAt(item));
}

/** What happened to a resource, newest first. */
export async function listHistory(
  context: Context,
  id: string,
  options: { limit: number; cursor?: string | undefined },
): Promise<{ items: ResourceEvent[]; cursor?: string }> {
  const { idHash } = await readResource(context, id);
  const page = await context.table.query(EventItem, {
    partition: ResourceItem.keyOf({ idHash }).pk,
    sort: { beginsWith: "event#" },
    reverse: true,
    limit: options.limit,
    cursor: options.cursor,
  });
  const items = page.items.map(({ idHash: _, version: __, ...event }) => event);
  return { items, ...(page.cursor ? { cursor: page.cursor } : {}) };
}

/**
 * Sets an operator's notes or owner, which no sync touches, with an event and an audit record. `version` is what the operator
 * saw (If-Match): when the resource was changed since, also by a sync, `request.precondition_failed` and nothing is written.
 */
export async function annotateResource(
  context: Context,
  actor: Actor,
  id: string,
  patch: ResourcePatch,
  version?: number,
): Promise<Resource> {
  const stored = await readResource(context, id, { consistent: true });
  const { version: current, ...item } = stored;
  if (version !== undefined && version !== current) {
    throw new ProblemError("request.precondition_failed", `the resource has version ${current}, not ${version}`);
  }
  const now = context.now();
  const said = { notes: patch.notes ?? item.notes, owner: patch.owner ?? item.owner };
  const changes = changesBetween({ notes: item.notes, owner: item.owner }, said);
  const next: ResourceItem = { ...item, ...said, sequence: item.sequence + 1 };
  try {
    const event = {
      idHash: item.idHash,
      sequence: next.sequence,
      at: now.toISOString(),
      type: "annotated" as const,
      actor: actorName(actor),
      changes,
    };
    await commitRecorded(context, actor, [replace(ResourceItem, next, current), put(EventItem, event)], {
      action: "resource.annotate",
      target: item.id,
      changes,
    });
  } catch (error) {
    if (error instanceof ConflictError)
      throw new ProblemError("request.precondition_failed", "the resource was changed meanwhile; read it again", {
        cause: error,
      });
    throw error;
  }
  return getResource(context, id);
}

/** Whether an account has any resource that is not retired. */
export async function hasActiveResources(context: Context, provider: Provider, account: string): Promise<boolean> {
  const page = await context.table.query(IndexItem, {
    partition: partitions.account("active", provider, account),
    limit: 1,
  });
  return page.items.length > 0;
}
