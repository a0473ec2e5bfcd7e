import { randomBytes } from "node:crypto";
import { accountOf, type Plan } from "./plan.ts";
import { partitionOf } from "./regions.ts";

/** Who a request comes from. */
export interface Principal {
  readonly accessKeyId: string;
  /** Index of the account in the plan. */
  readonly account: number;
  readonly accountId: string;
  readonly userId: string;
  /** The session token that temporary keys must send; undefined for keys that last. */
  readonly sessionToken: string | undefined;
  readonly expiresAt: Date | undefined;
  /** The ARN without its partition, which is that of the region asked: `:iam::1234:user/name`. */
  readonly resource: string;
}

export interface IssuedKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAt: Date;
  readonly principal: Principal;
}

export interface Principals {
  /** The keys of an IAM user of an account, made on first use. The same user of the same estate has the same access key id. */
  userKeys(account: string, user?: string): { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Temporary keys for a role. */
  issue(account: number, role: string, session: string, durationSeconds: number): IssuedKeys;
  find(accessKeyId: string): Principal | undefined;
}

const defaultUser = "cadastre";

export function createPrincipals(plan: Plan, now: () => Date): Principals {
  const users = new Map<string, Principal>();
  const sessions = new Map<string, Principal>();

  const addUser = (account: number, user: string): Principal => {
    const accountId = accountOf(plan, account).id;
    const accessKeyId = `AKIA${base32(plan.random.hex(20, "access key", accountId, user))}`;
    const principal = {
      accessKeyId,
      account,
      accountId,
      userId: `AIDA${base32(plan.random.hex(20, "user", accountId, user))}`,
      sessionToken: undefined,
      expiresAt: undefined,
      resource: `:iam::${accountId}:user/${user}`,
    };
    users.set(accessKeyId, principal);
    return principal;
  };
  // Requests may use the keys of the default user without anybody having asked for them in this process.
  plan.accounts.forEach((_, index) => {
    addUser(index, defaultUser);
  });

  return {
    userKeys: (account, user = defaultUser) => {
      const index = plan.accounts.findIndex(({ id }) => id === account);
      if (index < 0) throw new RangeError(`the estate has no account ${account}`);
      const { accessKeyId } = addUser(index, user);
      return { accessKeyId, secretAccessKey: plan.random.hex(40, "secret key", account, user) };
    },
    issue: (account, role, session, durationSeconds) => {
      const time = now();
      for (const [id, { expiresAt }] of sessions)
        if (expiresAt !== undefined && expiresAt.getTime() + 3_600_000 < time.getTime()) sessions.delete(id);
      const accountId = accountOf(plan, account).id;
      const accessKeyId = `ASIA${base32(randomBytes(10).toString("hex"))}`;
      const sessionToken = randomBytes(96).toString("base64");
      const expiresAt = new Date(time.getTime() + durationSeconds * 1_000);
      const principal = {
        accessKeyId,
        account,
        accountId,
        userId: `AROA${base32(plan.random.hex(20, "role", accountId, role))}:${session}`,
        sessionToken,
        expiresAt,
        resource: `:sts::${accountId}:assumed-role/${role}/${session}`,
      };
      sessions.set(accessKeyId, principal);
      return { accessKeyId, secretAccessKey: randomBytes(30).toString("base64"), sessionToken, expiresAt, principal };
    },
    find: (accessKeyId) => users.get(accessKeyId) ?? sessions.get(accessKeyId),
  };
}

export function principalArn(principal: Principal, region: string): string {
  return `arn:${partitionOf(region)}${principal.resource}`;
}

/** Sixteen characters of the alphabet that AWS's key ids use, from twenty hexadecimal digits. */
function base32(hex: string): string {
  const value = BigInt(`0x${hex}`);
  return Array.from({ length: 16 }, (_, index) =>
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".charAt(Number((value >> BigInt(index * 5)) & 31n)),
  ).join("");
}
