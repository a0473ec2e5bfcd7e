import type { ResourceEvent } from "@cadastre/contract/view";
import * as z from "zod";
import type { Context } from "../context.ts";
import { createCursors } from "../cursor.ts";
import { EventItem } from "../feed/items.ts";
import type { Listed, ListOptions } from "../lists.ts";
import { subjectPartition } from "../subject.ts";
import { type ResourceItem, resourceSubject } from "./items.ts";
import { readResource } from "./view.ts";

const position = z.string().min(1).max(200);

/** The first event of a resource, which it tells itself. */
function creationOf({ firstSeenAt, firstSeenBy }: ResourceItem): ResourceEvent {
  return { sequence: 1, at: firstSeenAt, type: "created", ...firstSeenBy, changes: [] };
}

/**
 * What happened to a resource, newest first: what was observed, and what people said. Throws 404 `resource.not_found`, 422
 * `cursor.invalid`.
 */
export async function listHistory(context: Context, id: string, options: ListOptions): Promise<Listed<ResourceEvent>> {
  const resource = await readResource(context, id);
  const { idHash } = resource;
  const cursors = createCursors("history", { idHash }, position);
  const after = options.cursor === undefined ? undefined : cursors.decode(options.cursor);
  const page = await context.table.query(EventItem, {
    partition: subjectPartition(resourceSubject(idHash)),
    sort: after === undefined ? { beginsWith: "event#" } : { after: "event#", before: after },
    reverse: true,
    limit: options.limit,
  });
  const items = page.items.map(({ subject: _, stream: __, version: ___, ...event }) => event as ResourceEvent);
  const last = page.items.at(-1);
  if (last && (page.cursor !== undefined || items.length === options.limit))
    return { items, cursor: cursors.encode(EventItem.keyOf(last).sk) };
  return { items: [...items, creationOf(resource)] };
}
