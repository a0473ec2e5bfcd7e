import { create, remove, type Stored, type Write } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { SessionItem } from "../../sessions/items.ts";
import { SessionListItem } from "../items.ts";
import type { Proved } from "./ask.ts";
import { ProviderSessionItem, placesPartition, SessionPlaceItem } from "./items.ts";

type Made = Pick<SessionItem, "id" | "user" | "endsAt">;

/** The writes by which a provider can end a session that came of it, and be told of its end. */
export function placeWrites(
  { id: session, user, endsAt }: Made,
  provider: string,
  { subject, sid, idToken }: Proved,
): Write[] {
  const expiresAt = Math.ceil(Date.parse(endsAt) / 1000);
  const place = { provider, session, user, expiresAt };
  return [
    create(ProviderSessionItem, { session, provider, expiresAt, ...(idToken === undefined ? {} : { idToken }) }),
    create(SessionPlaceItem, { ...place, by: "sub", value: subject }),
    ...(sid === undefined ? [] : [create(SessionPlaceItem, { ...place, by: "sid", value: sid })]),
  ];
}

/** Which sessions a provider means: all of a subject, or those of one session there, of that subject where both are said. */
export interface Meant {
  readonly sub?: string | undefined;
  readonly sid?: string | undefined;
}

/** Three writes for each in one commit. */
export const MOST_AT_ONCE = 25;

async function placesOf(
  { table }: Pick<Context, "table">,
  provider: string,
  by: "sub" | "sid",
  value: string,
): Promise<readonly SessionPlaceItem[]> {
  const partition = placesPartition({ provider, by, value });
  const found: SessionPlaceItem[] = [];
  let cursor: string | undefined;
  do {
    const page = await table.query(SessionPlaceItem, { partition, consistent: true, cursor });
    found.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

/** The sessions that a provider means and that stand: of that provider alone, in the context's organization. */
export async function sessionsMeant(
  context: Pick<Context, "table" | "organization">,
  provider: string,
  { sub, sid }: Meant,
): Promise<readonly Stored<SessionItem>[]> {
  const bySid = sid === undefined ? undefined : await placesOf(context, provider, "sid", sid);
  const bySub = sub === undefined ? undefined : await placesOf(context, provider, "sub", sub);
  const isBoth = (one: { readonly session: string }) => bySub?.some(({ session }) => session === one.session) ?? true;
  const ids = (bySid ?? bySub ?? []).filter(isBoth).map(({ session }) => ({ id: session }));
  const stored = await context.table.getMany(SessionItem, ids, { consistent: true });
  return stored.filter(
    (one) => one !== undefined && one.organization === context.organization,
  ) as Stored<SessionItem>[];
}

/** The writes that end sessions as they were read. */
export const endWrites = (sessions: readonly Stored<SessionItem>[]): Write[] =>
  sessions.flatMap(({ id, user, version }) => [
    remove(SessionItem, { id }, version),
    remove(SessionListItem, { user, id }),
    remove(ProviderSessionItem, { session: id }),
  ]);
