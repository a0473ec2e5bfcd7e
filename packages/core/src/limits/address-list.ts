import { ProblemError } from "@cadastre/contract/errors";
import { AddressError } from "@cadastre/net/address";
import { containsAddress, formatPrefix } from "@cadastre/net/prefix";
import { subtract, union } from "@cadastre/net/set";
import { readAddress, readPrefix } from "./canonical-address.ts";

/** From where somebody may call. Without `allow` from everywhere; what is denied is so although it is allowed. */
export interface AddressLists {
  readonly allow?: readonly string[] | undefined;
  readonly deny?: readonly string[] | undefined;
}

/**
 * A list of prefixes as it is stored: canonical, sorted, and with nothing in it twice. Throws 422 `request.invalid` that names each
 * entry that is none; `path` says where the list stands in the request.
 */
export function toAddressList(texts: readonly string[], path: string): string[] {
  const errors: { path: string; message: string }[] = [];
  const prefixes = texts.flatMap((text, at) => {
    try {
      return [readPrefix(text)];
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      errors.push({
        path: `${path}[${at}]`,
        message: `must be an address or a prefix such as 10.0.0.0/8: ${error.message}`,
      });
      return [];
    }
  });
  const [first] = errors;
  if (first) throw new ProblemError("request.invalid", `${first.path}: ${first.message}`, { errors });
  return union(prefixes).map(formatPrefix);
}

/** What of a canonical list is not in another. */
export function addressesBeyond(texts: readonly string[], limits: readonly string[]): string[] {
  return subtract(texts.map(readPrefix), limits.map(readPrefix)).map(formatPrefix);
}

/** Whether the lists let an address call. One that is not known is in no list: it may only where everybody may. */
export function isAllowedAddress(address: string | undefined, { allow, deny }: AddressLists): boolean {
  if (allow === undefined && (deny === undefined || deny.length === 0)) return true;
  const parsed = address === undefined ? undefined : readAddress(address);
  if (!parsed) return false;
  const isIn = (list: readonly string[]) => list.some((text) => containsAddress(readPrefix(text), parsed));
  if (deny !== undefined && isIn(deny)) return false;
  return allow === undefined || isIn(allow);
}

/** Throws 403 `auth.address` for who may not call from there. */
export function requireAddress(address: string | undefined, lists: AddressLists | undefined): void {
  if (lists !== undefined && !isAllowedAddress(address, lists)) throw new ProblemError("auth.address");
}

/**
 * Throws 422 `request.invalid` for lists that would not let in who sets them: nobody could take that back. `path` says where they stand in the
 * request.
 */
export function requireNoLockout(address: string | undefined, lists: AddressLists | undefined, path: string): void {
  if (lists === undefined) return;
  const canonical = {
    ...(lists.allow === undefined ? {} : { allow: toAddressList(lists.allow, `${path}.allow`) }),
    ...(lists.deny === undefined ? {} : { deny: toAddressList(lists.deny, `${path}.deny`) }),
  };
  if (isAllowedAddress(address, canonical)) return;
  const message = `does not let in the address that you call from${address === undefined ? "" : `, ${address}`}`;
  throw new ProblemError("request.invalid", `${path}: ${message}`, { errors: [{ path, message }] });
}
