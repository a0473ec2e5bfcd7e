import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import type { Session } from "@cadastre/contract/login";
import { create, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import type { OrganizationItem, UserItem } from "../directory/items.ts";
import { isProviderEnded, readOrganization } from "../directory/organizations.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { newSealKey } from "../sealed-text.ts";
import { SessionItem } from "../sessions/items.ts";
import { SessionListItem, sessionsPartition } from "./items.ts";
import { csrfOf, hashSecretText, newSecretText } from "./secret-text.ts";

/** A session that nobody uses ends after an hour, and every one after a day (NIST SP 800-63B-4 §2.2.3, AAL2). */
const IDLE_SECONDS = 3600;
export const SESSION_SECONDS = 86_400;
/** How much later than it was its last use is written at most. */
export const USE_SECONDS = 300;
/** For so long it is known that a session has ended. */
const REMEMBERED_SECONDS = 86_400;
const MOST_AGENT = 256;

/** From where somebody logs in, as the runtime knows it and as the browser calls itself. */
export interface LoginFrom {
  readonly address?: string | undefined;
  readonly userAgent?: string | undefined;
}

export type Method = SessionItem["methods"][number];

/** What an identity provider says counts for two factors at the most: what it was proved by was not seen. */
const STRENGTH: Readonly<Record<Method, number>> = {
  password: 1,
  totp: 2,
  "recovery-code": 2,
  passkey: 3,
  oidc: 1,
  "oidc-mfa": 2,
};

/** How strongly somebody has proved who it is: 1 by one factor, 2 by two, 3 with one that cannot be phished. */
export const strengthOf = (methods: readonly Method[]): number => Math.max(...methods.map((one) => STRENGTH[one]));

const seconds = (time: string): number => Math.ceil(Date.parse(time) / 1000);
const after = (now: Date, count: number): string => new Date(now.getTime() + count * 1000).toISOString();

/** When a session ends that is not used from now on, as an ISO time. */
export function endOf({ usedAt, endsAt }: Pick<SessionItem, "usedAt" | "endsAt">): string {
  const idle = after(new Date(usedAt), IDLE_SECONDS);
  return idle < endsAt ? idle : endsAt;
}

/** What a browser is given: the cookie's text, and what its pages send with each write. Neither is kept. */
export interface GivenSession {
  readonly text: string;
  readonly csrf: string;
  readonly item: SessionItem;
}

/** A new session of a user, and the writes that store it. */
export function newSession(
  { now, organization }: Pick<Context, "now" | "organization">,
  { id: user, epoch, loginEpoch = 0 }: Pick<UserItem, "id" | "epoch" | "loginEpoch">,
  {
    methods,
    isPending,
    authenticatedAt,
    provider,
    address,
    userAgent,
  }: LoginFrom &
    Pick<SessionItem, "methods" | "isPending"> &
    Partial<Pick<SessionItem, "authenticatedAt" | "provider">>,
): GivenSession & { readonly writes: readonly Write[] } {
  const at = now();
  const id = newId("session", at);
  const text = newSecretText(id);
  const endsAt = after(at, SESSION_SECONDS);
  const expiresAt = seconds(endsAt) + REMEMBERED_SECONDS;
  const item: SessionItem = {
    id,
    organization,
    user,
    secretHash: hashSecretText(text),
    cursorKey: newSealKey(),
    epoch,
    loginEpoch,
    ...(provider === undefined ? {} : { provider }),
    methods,
    strength: strengthOf(methods),
    isPending,
    createdAt: at.toISOString(),
    authenticatedAt: authenticatedAt ?? at.toISOString(),
    usedAt: at.toISOString(),
    endsAt,
    ...(address === undefined ? {} : { address }),
    ...(userAgent === undefined ? {} : { userAgent: userAgent.slice(0, MOST_AGENT).toWellFormed() }),
    expiresAt,
  };
  const writes = [create(SessionItem, item), create(SessionListItem, { user, id, expiresAt: seconds(endsAt) })];
  return { text, csrf: csrfOf(text), item, writes };
}

/**
 * The same session under a new secret, as it is once its user has proved more, or something has changed of it: whoever knows the old
 * secret has nothing.
 */
export function rotated(
  { version, ...before }: Stored<SessionItem>,
  change: Partial<Pick<SessionItem, "methods" | "isPending" | "authenticatedAt" | "loginEpoch">>,
): GivenSession & { readonly write: Write } {
  const text = newSecretText(before.id);
  const next = { ...before, ...change, secretHash: hashSecretText(text) };
  const item = { ...next, strength: strengthOf(next.methods) };
  return { text, csrf: csrfOf(text), item, write: replace(SessionItem, item, version) };
}

/** The session as it stands now, under the secret that the request had. Throws 401 `auth.revoked`. */
export async function currentSession(
  { table }: Pick<Context, "table">,
  { id, secretHash }: Pick<SessionItem, "id" | "secretHash">,
): Promise<Stored<SessionItem>> {
  const stored = await table.get(SessionItem, { id }, { consistent: true });
  if (stored?.secretHash !== secretHash)
    throw new ProblemError("auth.revoked", "the session goes on under another secret");
  return stored;
}

/** What the API shows of a session. `current` is the one that asks. */
function toSession(stored: SessionItem, current: string | undefined): Session {
  const { id, methods, strength, createdAt, authenticatedAt, usedAt, address, userAgent } = stored;
  return {
    id,
    methods: [...methods],
    strength,
    createdAt,
    authenticatedAt,
    usedAt,
    expiresAt: endOf(stored),
    ...(address === undefined ? {} : { address }),
    ...(userAgent === undefined ? {} : { userAgent }),
    current: id === current,
  };
}

/** A session that is there and has not ended, of a user in the context's organization. */
async function read({ table, organization, now }: Context, user: string, id: string): Promise<Stored<SessionItem>> {
  const stored = await table.get(SessionItem, { id }, { consistent: true });
  const isThere = stored !== undefined && stored.organization === organization && stored.user === user;
  if (!isThere || endOf(stored) <= now().toISOString()) throw new ProblemError("session.not_found");
  return stored;
}

/** A user's sessions that have not ended, newest first. Throws 422 `cursor.invalid`. */
export function listSessions(
  context: Context,
  {
    user,
    epoch,
    loginEpoch = 0,
  }: { readonly user: string; readonly epoch: number; readonly loginEpoch?: number | undefined },
  { current, ...options }: ListOptions & { readonly current?: string | undefined },
): Promise<Listed<Session>> {
  const at = context.now().toISOString();
  const lives = (one: SessionItem, own: OrganizationItem | undefined): boolean =>
    one.epoch === epoch && one.loginEpoch === loginEpoch && endOf(one) > at && !(own && isProviderEnded(own, one));
  return selectPage(
    context,
    {
      list: "sessions",
      filters: { user },
      entity: SessionListItem,
      partition: sessionsPartition(user),
      reverse: true,
      async select(items) {
        const found = await context.table.getMany(SessionItem, items, { consistent: true });
        const isAsked = found.some((stored) => stored?.provider !== undefined);
        const own = isAsked ? await readOrganization(context, context.organization) : undefined;
        return found.map((stored) => (stored && lives(stored, own) ? toSession(stored, current) : undefined));
      },
    },
    options,
  );
}

/**
 * Ends one of a user's sessions at once. Throws 404 `session.not_found`, also for another's. Removes it and its place in the list, and
 * writes one audit record.
 */
export async function endSession(context: Context, actor: Actor, user: string, id: string): Promise<void> {
  await retryOnConflict(async () => {
    const { version } = await read(context, user, id);
    const writes = [remove(SessionItem, { id }, version), remove(SessionListItem, { user, id })];
    await commitRecorded(context, actor, writes, { action: "session.end", target: id });
  });
}
