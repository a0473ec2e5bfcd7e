import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import type { SetupRequest } from "@cadastre/contract/login";
import { check, create, remove, replace, type Stored } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Actor, actorName, type Context, inOrganization, principalOf } from "../context.ts";
import { UserItem } from "../directory/items.ts";
import { renameWrites } from "../directory/names.ts";
import { isTaken, retryOnConflict } from "../retry-on-conflict.ts";
import { LoginLinkItem } from "./items.ts";
import type { PasswordCheck } from "./password-check.ts";
import { hashSecretText, idOfSecretText, isSecretText, newSecretText } from "./secret-text.ts";
import { passwordWrite } from "./set-password.ts";
import { requireStandsFor } from "./stands-for.ts";

/** The first admin's, who reads it on a screen, and one that an admin hands on. */
const LINK_SECONDS = { setup: 86_400, reset: 3600 } as const;

const NO_HASH = hashSecretText("");

/** A link's secret stands behind the `#`, which no browser sends and no log has. */
export const linkTo = (origin: string, secret: string): string => `${origin}/setup#${secret}`;

export interface GivenLink {
  readonly secret: string;
  readonly expiresAt: string;
}

/**
 * Makes a secret by which somebody sets a user's password once: within a day for `setup`, an hour for `reset`. It is in this answer and
 * never again, and sessions stay until it is used. Who sets a password can log in with it, so it is for who may do all that the user may: 403
 * `access.exceeds`. Throws 404 `user.not_found`. Writes its hash and one audit record.
 */
export async function createLoginLink(
  context: Context,
  actor: Actor,
  { user, purpose }: { readonly user: string; readonly purpose: LoginLinkItem["purpose"] },
): Promise<GivenLink> {
  const now = context.now();
  const id = newId("link", now);
  const secret = newSecretText(id);
  const expiresAt = Math.floor(now.getTime() / 1000) + LINK_SECONDS[purpose];
  const item: LoginLinkItem = {
    id,
    organization: context.organization,
    secretHash: hashSecretText(secret),
    purpose,
    user,
    createdAt: now.toISOString(),
    createdBy: actorName(actor),
    expiresAt,
  };
  await retryOnConflict(async () => {
    const { version } = await requireStandsFor(context, actor, user);
    await commitRecorded(context, actor, [create(LoginLinkItem, item), check(UserItem, { id: user }, version)], {
      action: "password.link",
      target: user,
      detail: { purpose, expiresAt: new Date(expiresAt * 1000).toISOString() },
    });
  });
  return { secret, expiresAt: new Date(expiresAt * 1000).toISOString() };
}

const noLink = () => new ProblemError("auth.invalid", "the link is not valid any more: it counts once, and for a time");

/** Whom a link is for. Who has been deleted since has none: 401 `auth.invalid`, as for every link that is not valid. */
async function readLinkedUser(own: Context, { user: id }: LoginLinkItem): Promise<Stored<UserItem>> {
  const stored = await own.table.get(UserItem, { id }, { consistent: true });
  if (!stored) throw noLink();
  return stored;
}

/** The link of a secret. Malformed, unknown, used, and ended are one answer: 401 `auth.invalid`. */
async function readLink({ table, now }: Context, secret: string): Promise<Stored<LoginLinkItem>> {
  const id = idOfSecretText(secret, "link");
  const stored = id === undefined ? undefined : await table.get(LoginLinkItem, { id }, { consistent: true });
  const isRight = isSecretText(secret, stored?.secretHash ?? NO_HASH);
  if (stored && isRight && stored.expiresAt * 1000 > now().getTime()) return stored;
  throw noLink();
}

/**
 * Sets the password of whom a link is for, and of the first admin also the name. The link is used up and all sessions of the user end in the
 * same commit. Throws 401 `auth.invalid`, 422 `password.weak`, 409 `user.name_taken`; none of them uses the link up. Writes the hash, the
 * user, the end of the link, and one audit record.
 */
export async function useLoginLink(
  context: Context,
  passwords: PasswordCheck,
  { secret, userName, password }: SetupRequest,
  { requestId }: { readonly requestId: string },
): Promise<{ readonly user: string; readonly userName: string; readonly organization: string }> {
  const link = await readLink(context, secret);
  const own = inOrganization(context, link.organization);
  const { userName: before } = await readLinkedUser(own, link);
  const wanted = link.purpose === "setup" && userName !== undefined ? userName : before;
  const write = await passwordWrite(own, passwords, { user: link.user, userName: wanted, password, source: "own" });
  return retryOnConflict(async () => {
    const { version } = await readLink(context, secret);
    const { version: seen, ...user } = await readLinkedUser(own, link);
    const place = { type: "user", id: user.id, organization: link.organization } as const;
    const renaming = wanted === user.userName ? [] : renameWrites(place, user.userName, wanted);
    const updatedAt = own.now().toISOString();
    const next = { ...user, userName: wanted, loginEpoch: (user.loginEpoch ?? 0) + 1, updatedAt };
    const writes = [...renaming, remove(LoginLinkItem, link, version), replace(UserItem, next, seen), write];
    const actor = { principal: principalOf({ type: "user", id: user.id, name: wanted }, link.organization), requestId };
    try {
      await commitRecorded(own, actor, writes, {
        action: "password.set",
        target: user.id,
        detail: { by: "link", purpose: link.purpose, link: link.id },
      });
    } catch (error) {
      if (renaming.length > 0 && isTaken(error, 0)) throw new ProblemError("user.name_taken");
      throw error;
    }
    return { user: user.id, userName: wanted, organization: link.organization };
  });
}
