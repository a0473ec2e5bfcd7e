import {
  hashPassword,
  isPassword,
  noPassword,
  type PasswordHash,
  SCRYPT_COST,
  type ScryptCost,
} from "./hash-password.ts";
import { canonicalPassword } from "./password-rules.ts";
import { createWorkQueue } from "./work-queue.ts";

/** Of hashes that are worked out at the same time: each takes 16 MB and one core. */
const AT_ONCE = 4;
/** Some seconds of work. */
const MOST_WAITING = 128;

export interface PasswordCheck {
  readonly cost: ScryptCost;
  /** A canonical password as it is stored. */
  readonly hash: (password: string) => Promise<PasswordHash>;
  /** Whether a password as it was typed is the stored one. Without a stored one it is not, and takes as long. */
  readonly isRight: (password: string, stored: PasswordHash | undefined) => Promise<boolean>;
}

/** Hashing that leaves the machine room for others. Each throws 503 `service.unavailable` when too many wait for it. */
export function createPasswordCheck({ cost = SCRYPT_COST }: { readonly cost?: ScryptCost } = {}): PasswordCheck {
  const inTurn = createWorkQueue({ atOnce: AT_ONCE, mostWaiting: MOST_WAITING });
  const nobody = noPassword(cost);
  return {
    cost,
    hash: (password) => inTurn(() => hashPassword(password, cost)),
    isRight: (password, stored) => inTurn(() => isPassword(canonicalPassword(password), stored ?? nobody)),
  };
}
