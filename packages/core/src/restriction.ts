import { type accountName, accountNameOf } from "@cadastre/contract/account";
import { ProblemError } from "@cadastre/contract/errors";
import type { Provider } from "@cadastre/contract/scope";
import type * as z from "zod";

/** What of the estate a caller may see and change: what belongs to these accounts, and nothing else. */
export interface Restriction {
  readonly accounts: readonly z.output<typeof accountName>[];
  /** What this caller's cursors are sealed with. */
  readonly cursorKey?: string | undefined;
}

/** Which address spaces a caller may do what it asked for in: all but some, or only some. What it may not know of is not among them. */
export interface SpaceReach {
  /** Of a space that no binding and no policy names. */
  readonly isDefault: boolean;
  /** Ids of those that it is otherwise for. */
  readonly except: readonly string[];
  /** As of a restriction to accounts. */
  readonly cursorKey?: string | undefined;
}

/** Whether an address space is among them. */
export const isReached = ({ isDefault, except }: SpaceReach, id: string): boolean => isDefault !== except.includes(id);

/** Whether a caller may know of an address space, as far as what it asked for goes. */
export const mayKnowOfSpace = ({ spaces }: { readonly spaces?: SpaceReach | undefined }, id: string): boolean =>
  spaces === undefined || isReached(spaces, id);

interface Restricted {
  readonly restriction?: Restriction | undefined;
}

/** Where something belongs; what belongs to no account is only for those who may see all. */
export interface Place {
  readonly provider?: Provider | undefined;
  readonly account?: string | undefined;
}

/** Whether a caller may know of what is at this place. What one may not know of is answered as if it were not there. */
export function isVisible({ restriction }: Restricted, { provider, account }: Place): boolean {
  if (restriction === undefined) return true;
  if (provider === undefined || account === undefined) return false;
  return restriction.accounts.includes(accountNameOf({ provider, account }));
}

/** The beginning of a sentence that says that something is not there: of what the caller may not see it says nothing. */
export function nothingHas({ restriction }: Restricted): string {
  return `nothing in ${restriction === undefined ? "the register" : "the accounts that this token may read"} has`;
}

/** Throws 403 `auth.forbidden` when a caller wants to make something at a place that it may not see. */
export function requirePlace(restricted: Restricted, place: Place): void {
  if (isVisible(restricted, place)) return;
  throw new ProblemError("auth.forbidden", `the token is limited to ${restricted.restriction?.accounts.join(", ")}`);
}
