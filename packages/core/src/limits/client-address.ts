import { formatAddress } from "@cadastre/net/address";
import { containsAddress, type Prefix } from "@cadastre/net/prefix";
import { readAddress, readPrefix } from "./canonical-address.ts";

/** Whose word about where a request came from is taken: so many proxies before us, or those at these addresses. */
export type TrustedProxies = { readonly count: number } | { readonly prefixes: readonly Prefix[] };

const MOST_PROXIES = 16;

/**
 * Reads the setting: a number of proxies, or prefixes separated by commas. Throws a RangeError that says what is allowed. None when it
 * is `0` or empty.
 */
export function toTrustedProxies(text: string): TrustedProxies {
  const given = text.trim();
  if (/^\d{1,3}$/.test(given)) {
    const count = Number(given);
    if (count > MOST_PROXIES) throw new RangeError(`at most ${MOST_PROXIES} proxies`);
    return { count };
  }
  try {
    const texts = given.split(",").filter((part) => part.trim() !== "");
    return { prefixes: texts.map(readPrefix) };
  } catch (error) {
    throw new RangeError(`a number of proxies, or prefixes such as 10.0.0.0/8,192.0.2.7: ${(error as Error).message}`);
  }
}

const text = (given: string): string | undefined => {
  const address = readAddress(given.trim());
  return address && formatAddress(address);
};

/**
 * Where a request came from, in canonical form: the peer, unless that is a proxy that is trusted; then what that one says of its own
 * peer, and so on. Each proxy appends to `X-Forwarded-For`, so what its caller wrote there stands to the left of what counts. Of what
 * cannot be read the last that could counts. Undefined when the runtime does not know the peer.
 */
export function clientAddress({
  peer,
  forwardedFor,
  trusted,
}: {
  readonly peer: string | undefined;
  readonly forwardedFor: string | null | undefined;
  readonly trusted: TrustedProxies;
}): string | undefined {
  const first = peer === undefined ? undefined : text(peer);
  if (first === undefined || !forwardedFor) return first;
  const said = forwardedFor.split(",").toReversed();
  const isTrusted = (address: string, hop: number): boolean => {
    if ("count" in trusted) return hop < trusted.count;
    const parsed = readAddress(address);
    return parsed !== undefined && trusted.prefixes.some((prefix) => containsAddress(prefix, parsed));
  };
  let at = first;
  for (const [hop, one] of said.entries()) {
    if (!isTrusted(at, hop)) break;
    const next = text(one);
    if (next === undefined) break;
    at = next;
  }
  return at;
}
