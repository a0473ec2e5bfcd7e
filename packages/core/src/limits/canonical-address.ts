import { type Address, formatAddress, tryParseAddress } from "@cadastre/net/address";
import { containsAddress, formatPrefix, type Prefix, parsePrefix, prefixOf } from "@cadastre/net/prefix";

/** IPv4-mapped (RFC 4291 §2.5.5.2): what a socket of both families calls an IPv4 peer. Tunnels and translations are others' addresses. */
const MAPPED = parsePrefix("::ffff:0:0/96");
const MAPPED_BITS = 96;
const IPV6_SITE_BITS = 64;

/** `::ffff:192.0.2.1` as `::ffff:c000:201`, which our strict parser reads; any other text as it is. */
function withoutDots(text: string): string {
  const [, head, tail] = /^([0-9a-f:]*:)(\d+\.\d+\.\d+\.\d+)$/i.exec(text) ?? [];
  const last = tail === undefined ? undefined : tryParseAddress(tail);
  if (head === undefined || last === undefined) return text;
  return `${head}${(last.value >> 16n).toString(16)}:${(last.value & 0xffffn).toString(16)}`;
}

/** The address, or the IPv4 address that it maps. */
function unmapped(address: Address): Address {
  return containsAddress(MAPPED, address) ? { family: 4, value: BigInt.asUintN(32, address.value) } : address;
}

/**
 * The address in a text as sockets, gateways and `X-Forwarded-For` write them: IPv4-mapped forms are IPv4, a zone id, brackets and a
 * port are left out. Undefined for what is none, also for IPv4 with leading zeros, which some read as octal.
 */
export function readAddress(text: string): Address | undefined {
  const [, bracketed] = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text) ?? [];
  const [, withPort] = /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(text) ?? [];
  const bare = (bracketed ?? withPort ?? text).replace(/%[\w.-]{1,32}$/, "");
  const address = tryParseAddress(withoutDots(bare));
  return address && unmapped(address);
}

/**
 * A prefix of a list: an address alone is itself, bits behind the length are cleared, and what lies in the IPv4-mapped range is IPv4.
 * Throws AddressError.
 */
export function readPrefix(text: string): Prefix {
  const [address = "", ...rest] = text.trim().split("/");
  const parsed = parsePrefix([withoutDots(address), ...rest].join("/"), { canonicalise: true, allowAddress: true });
  if (parsed.length < MAPPED_BITS || !containsAddress(MAPPED, { family: parsed.family, value: parsed.network }))
    return parsed;
  return { family: 4, network: BigInt.asUintN(32, parsed.network), length: parsed.length - MAPPED_BITS };
}

/** Who a limit is for where nobody has proved who it is: an address, or of IPv6 the network of one site, which has as many as it likes. */
export function sourceOf(text: string | undefined): string {
  const address = text === undefined ? undefined : readAddress(text);
  if (!address) return "unknown";
  return address.family === 4 ? formatAddress(address) : formatPrefix(prefixOf(address, IPV6_SITE_BITS));
}
