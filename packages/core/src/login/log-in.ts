import { ProblemError } from "@cadastre/contract/errors";
import type { LoginRequest } from "@cadastre/contract/login";
import { replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import type { Context } from "../context.ts";
import type { UserItem } from "../directory/items.ts";
import { readOrganization } from "../directory/organizations.ts";
import { createKeyedQueue } from "../keyed-queue.ts";
import { requireAddress } from "../limits/address-list.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { isUsable, methodsOf, readFactors } from "./factors.ts";
import { type FoundLogin, findLogin } from "./find-login.ts";
import { isOutdated } from "./hash-password.ts";
import { PasswordItem } from "./items.ts";
import { type Attempt, beginAttempt, lockoutSlot } from "./lockout.ts";
import { type LoggedIn, type LoginCall, requiresSecond, toPrincipal } from "./logged-in.ts";
import { canonicalPassword } from "./password-rules.ts";
import { proveFactor } from "./prove-factor.ts";
import { recordFailedLogin } from "./record-failure.ts";
import { mayLogInBy } from "./scim-passwords.ts";
import { type Method, newSession } from "./sessions.ts";
import type { StepUpPorts } from "./step-up.ts";

/** One answer for each way to be wrong; it tells everybody alike that names are locked. */
const refused = () =>
  new ProblemError(
    "auth.invalid",
    "the name, the password or the code is not right; after ten failures within 15 minutes nothing is taken for up to 30",
  );

/** An HMAC is as long as it is; so much of it names somebody in the audit log. */
const SHOWN = 24;
/** No user has this id: nobody's password is read as somebody's is. */
const NOBODY = "usr_nobody";

export type LogIn = (context: Context, ports: StepUpPorts, request: LoginRequest, call: LoginCall) => Promise<LoggedIn>;

/** What one attempt is made with. */
interface Trying {
  readonly context: Context;
  readonly ports: StepUpPorts;
  readonly request: LoginRequest;
  readonly call: LoginCall;
  readonly key: string;
  readonly attempt: Attempt;
}

/** Whether it is the password of somebody who may log in; takes as long whether there is such a user or not. */
async function readRight({ ports, request }: Trying, { context: own, user }: FoundLogin) {
  const [stored, organization] = await Promise.all([
    own.table.get(PasswordItem, { user: user?.id ?? NOBODY }, { consistent: true }),
    readOrganization(own, own.organization),
  ]);
  const matches = await ports.passwords.isRight(request.password, stored);
  const isGood =
    matches && stored !== undefined && mayLogInBy(stored, organization) && user !== undefined && !user.disabled;
  return isGood && organization ? { stored, organization } : undefined;
}

/** The second factor that the request has with it, if it has; undefined when it has a wrong one. */
async function readSecond({ ports, request: { code }, key }: Trying, own: Context, user: UserItem) {
  const factors = await readFactors(own, user.id);
  if (code === undefined || !factors.some(isUsable)) return { factors, proved: undefined, writes: [] };
  const attempt = await beginAttempt(own, lockoutSlot(key, { kind: "factor", of: user.id }));
  const proved = attempt.isLocked ? undefined : await proveFactor(own, ports, factors, { code });
  return proved ? { factors, proved, writes: [...proved.writes, attempt.success] } : undefined;
}

/** The password under the cost of now, where it was stored under another one. */
async function rehashed({ ports, request }: Trying, { version, ...stored }: Stored<PasswordItem>): Promise<Write[]> {
  if (!isOutdated(stored, ports.passwords.cost)) return [];
  const hashed = await ports.passwords.hash(canonicalPassword(request.password));
  return [replace(PasswordItem, { ...stored, ...hashed }, version)];
}

/** One attempt; undefined when anything about it is wrong. */
async function tryOnce(trying: Trying): Promise<LoggedIn | undefined> {
  const { call, attempt } = trying;
  const found = await findLogin(trying.context, trying.request);
  const right = await readRight(trying, found);
  if (!right || !found.user) return undefined;
  const { context: own, user } = found;
  requireAddress(call.address, right.organization.addresses);
  const second = await readSecond(trying, own, user);
  if (!second) return undefined;
  const { factors, proved } = second;
  const isDue = proved === undefined && (factors.some(isUsable) || requiresSecond(right.organization));
  const methods: Method[] = ["password", ...(proved ? [proved.method] : [])];
  const { address, userAgent, requestId } = call;
  const session = newSession(own, user, { methods, isPending: isDue, address, userAgent });
  const writes = [...session.writes, attempt.success, ...second.writes, ...(await rehashed(trying, right.stored))];
  await commitRecorded(own, { principal: toPrincipal(user, own, session), requestId }, writes, {
    action: "session.create",
    target: session.item.id,
    detail: { methods, ...(isDue ? { isPending: true } : {}) },
  });
  return { ...session, context: own, user, ...(isDue ? { due: methodsOf(factors) } : {}) };
}

/**
 * Makes what logs people in by name and password, and a code where one is due. In one process, attempts on one name come one after the
 * other, and hashing takes its turn with all others. Without the code that is due the session may do nothing until a second factor is proved
 * or enrolled. Throws 401 `auth.invalid` for every way to be wrong, a locked name among them; 403 `auth.address` for who is right and may not
 * call from there; 503 `service.unavailable` when too many log in at once. Writes the attempt, then the session with one audit record, or
 * the record of the failure.
 */
export function createLogIn(): LogIn {
  const afterOthers = createKeyedQueue();
  return async function logIn(context, ports, request, call) {
    const key = await ports.loginKey();
    const { name, context: own } = await findLogin(context, request);
    const slot = lockoutSlot(key, { kind: "password", of: name });
    return afterOthers(slot, async () => {
      const attempt = await beginAttempt(own, slot);
      // Locked it is no work: names that nobody has are locked alike, so that a fast answer tells no more than what was tried.
      const loggedIn = attempt.isLocked
        ? undefined
        : await retryOnConflict(() => tryOnce({ context, ports, request, call, key, attempt }));
      if (loggedIn) return loggedIn;
      const target = `name:${slot.slice(0, SHOWN)}`;
      await recordFailedLogin(own, call, { action: "session.create", target, ...attempt });
      throw refused();
    });
  };
}
