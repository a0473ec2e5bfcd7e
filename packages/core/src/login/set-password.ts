import { ProblemError } from "@cadastre/contract/errors";
import { put, replace, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { UserItem } from "../directory/items.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import type { SessionItem } from "../sessions/items.ts";
import { PasswordItem } from "./items.ts";
import { beginAttempt, lockoutSlot } from "./lockout.ts";
import { readUser } from "./login-epoch.ts";
import type { PasswordCheck } from "./password-check.ts";
import { requirePassword } from "./password-rules.ts";
import { recordFailedLogin } from "./record-failure.ts";
import { currentSession, type GivenSession, rotated } from "./sessions.ts";

/**
 * What stores a user's password, after its rules: the write is for the commit that makes the user or changes the password. Throws 422
 * `password.weak`, 503 `service.unavailable`. Writes nothing by itself.
 */
export async function passwordWrite(
  { now }: Pick<Context, "now">,
  passwords: PasswordCheck,
  {
    user,
    userName,
    password,
    source,
  }: {
    readonly user: string;
    readonly userName: string;
    readonly password: string;
    readonly source: PasswordItem["source"];
  },
): Promise<Write> {
  const canonical = await requirePassword(password, { userName });
  const hashed = await passwords.hash(canonical);
  return put(PasswordItem, { user, ...hashed, setAt: now().toISOString(), source });
}

/**
 * Changes one's own password, which needs the old one: a wrong one counts as a failed login of the user. All other sessions end in the same
 * commit, and this one goes on under a new secret; tokens stay. Throws 401 `auth.invalid`, 422 `password.weak`. Writes the hash, the user,
 * the session, and one audit record.
 */
export async function changePassword(
  context: Context,
  { passwords, loginKey }: { readonly passwords: PasswordCheck; readonly loginKey: () => Promise<string> },
  { actor, session }: { readonly actor: Actor; readonly session: SessionItem },
  { current, password }: { readonly current: string; readonly password: string },
): Promise<GivenSession> {
  const { user: id } = session;
  const attempt = await beginAttempt(context, lockoutSlot(await loginKey(), { kind: "factor", of: id }));
  const stored = await context.table.get(PasswordItem, { user: id }, { consistent: true });
  const isRight = await passwords.isRight(current, stored);
  if (!isRight || attempt.isLocked) {
    await recordFailedLogin(context, actor, { action: "password.set", target: id, ...attempt });
    throw new ProblemError("auth.invalid", "the current password is not right");
  }
  const { userName } = await readUser(context, id);
  const write = await passwordWrite(context, passwords, { user: id, userName, password, source: "own" });
  return retryOnConflict(async () => {
    const { version, ...user } = await readUser(context, id);
    const loginEpoch = (user.loginEpoch ?? 0) + 1;
    const authenticatedAt = context.now().toISOString();
    const given = rotated(await currentSession(context, session), { loginEpoch, authenticatedAt });
    const writes = [write, replace(UserItem, { ...user, loginEpoch }, version), given.write, attempt.success];
    await commitRecorded(context, actor, writes, { action: "password.set", target: id, detail: { by: "own" } });
    return given;
  });
}
