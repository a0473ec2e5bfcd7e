import { lookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import { DeliveryError } from "@cadastre/core/forwarding/ports";
import { blockedAddress } from "@cadastre/core/limits/outside";
import { tryParseAddress } from "@cadastre/net/address";
import { containsAddress, type Prefix } from "@cadastre/net/prefix";

/** The addresses of a host name. */
export type Resolve = (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

export const resolveHost: Resolve = (host) => lookup(host, { all: true });

/** Whether a receiver may be there: on the public Internet, or where the deployment allows it. */
function isAllowed(text: string, allowed: readonly Prefix[]): boolean {
  // A zone says on which link an address is meant, and is no part of it.
  const address = tryParseAddress(text.replace(/%.*$/, ""));
  if (!address) return false;
  return (
    blockedAddress(address, { loopback: false }) === undefined ||
    allowed.some((prefix) => containsAddress(prefix, address))
  );
}

/**
 * Answers, to whoever connects, the addresses that were looked at, so that no other answer of the name's owner can come between. Throws DeliveryError
 * `unresolved`, and `forbidden_address` when any of them is internal and not allowed.
 */
export async function lookUpTarget(
  host: string,
  { resolve, allowed }: { readonly resolve: Resolve; readonly allowed: readonly Prefix[] },
): Promise<LookupFunction> {
  const literal = isIP(host);
  const found =
    literal === 0
      ? await resolve(host).catch((cause: unknown) => {
          throw new DeliveryError("unresolved", { cause });
        })
      : [{ address: host, family: literal }];
  if (found.length === 0) throw new DeliveryError("unresolved");
  if (!found.every(({ address }) => isAllowed(address, allowed))) throw new DeliveryError("forbidden_address");
  const [first] = found as [(typeof found)[number]];
  return (_host, { all }, done) => (all ? done(null, [...found]) : done(null, first.address, first.family));
}
