import { type Address, AddressError, addressBits, parseAddress, tryParseAddress } from "@cadastre/net/address";
import type { Interval } from "@cadastre/net/interval";
import { maskLength } from "@cadastre/net/mask";
import { contains, hostPrefix, lastAddress, type Prefix, parsePrefix } from "@cadastre/net/prefix";

/** What is asked of the prefixes of a subject: one that has the address or the whole prefix, or one that lies inside the stretch. */
export type AskedAddress =
  | { readonly has: Address; readonly port?: number }
  | { readonly around: Prefix }
  | { readonly inside: Interval };

/** Why a text is no address to ask for, in words for who wrote it. */
export class AddressRefused extends Error {}

/** `10.140.64.` */
const ENDED = /^\d{1,3}(?:\.\d{1,3}){0,2}\.$/;
/** `10.140.*`, `10.140.64.1*`, `10.140.x.x`. */
const OPEN = /^(?=.*(?:\*|\.x))\d{1,3}(?:\.(?:\d{0,2}\*|x|\d{1,3})){1,3}$/i;
const RANGE = /^([0-9a-f:.]+)-([0-9a-f:.]+)$/i;
const PORT = /^(?:(\d+\.\d+\.\d+\.\d+)|\[([0-9a-f:]+)\]):(\d{1,5})$/i;
/** A network with its mask, as routers have them. */
const MASKED = /^(\d+\.\d+\.\d+\.\d+)\/(\d+\.\d+\.\d+\.\d+)$/;
const PARTIAL6 = /^(?:[0-9a-f]{1,4}:){1,7}\*?$/i;
const ADDRESS = /^(?:\d+(?:\.\d+){3,}|(?=[^:]*:[^:]*:)[0-9a-f:]*(?:\.\d+)*(?:%\w+)?|\[[0-9a-f:]+\])$/i;

/** Reads strictly; what is wrong is told by the parser of addresses. */
function strictly<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof AddressError) throw new AddressRefused(error.message);
    throw error;
  }
}

export const stretchOf = (prefix: Prefix): Interval => ({
  family: prefix.family,
  first: prefix.network,
  last: lastAddress(prefix).value,
});

/** The addresses that have these leading octets, and a last one that goes on from some digits. */
function stretchesOf(octets: readonly string[], digits: string): Interval[] {
  const known = octets.map(Number);
  if (octets.some((octet) => Number(octet) > 255 || (octet.length > 1 && octet.startsWith("0"))))
    throw new AddressRefused("each part is a number from 0 to 255, without leading zeros");
  const bits = 32 - 8 * known.length;
  const base = known.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n) << BigInt(bits);
  if (digits === "") return [{ family: 4, first: base, last: base + (1n << BigInt(bits)) - 1n }];
  const size = 1n << BigInt(bits - 8);
  const starts = Array.from({ length: 256 }, (_, octet) => octet).filter((octet) => String(octet).startsWith(digits));
  if (starts.length === 0) throw new AddressRefused(`no number from 0 to 255 begins with ${digits}`);
  return starts.map((octet) => ({
    family: 4,
    first: base + BigInt(octet) * size,
    last: base + BigInt(octet + 1) * size - 1n,
  }));
}

/** `10.140.64.`, `10.140.*`, `10.140.6*`, `2001:db8:*`: everything that goes on so; undefined for other texts. */
export function partialStretches(text: string): Interval[] | undefined {
  if (ENDED.test(text) || OPEN.test(text)) {
    const parts = text.replace(/\.$/, "").replaceAll(/x/gi, "*").split(".");
    const open = parts.findIndex((part) => part.includes("*"));
    if (open < 0) return stretchesOf(parts, "");
    if (parts.slice(open + 1).some((part) => part !== "*"))
      throw new AddressRefused("only the end may be open: 10.140.*");
    return stretchesOf(parts.slice(0, open), (parts[open] as string).replace("*", ""));
  }
  if (!PARTIAL6.test(text) || tryParseAddress(text)) return undefined;
  const groups = text.replace(/:\*?$/, "").split(":");
  if (groups.includes("")) return undefined;
  return [
    stretchOf(strictly(() => parsePrefix(`${groups.join(":")}${groups.length < 8 ? "::" : ""}/${16 * groups.length}`))),
  ];
}

/** A prefix by its length, or by a mask. */
function prefixText(text: string): string {
  const [, network, mask] = MASKED.exec(text) ?? [];
  if (network === undefined || mask === undefined) return text;
  const length = maskLength(strictly(() => parseAddress(mask)));
  if (length === undefined) throw new AddressRefused(`${mask} is no mask, which is ones and then zeros`);
  return `${network}/${length}`;
}

function rangeOf(from: string, to: string): Interval {
  const first = strictly(() => parseAddress(from));
  // `10.140.64.10-20` counts on in the last part.
  const whole = first.family === 4 && /^\d+$/.test(to) ? from.replace(/\d+$/, to) : to;
  const last = strictly(() => parseAddress(whole));
  if (first.family !== last.family) throw new AddressRefused("both ends are of one family, IPv4 or IPv6");
  if (last.value < first.value) throw new AddressRefused("the first address is greater than the last");
  return { family: first.family, first: first.value, last: last.value };
}

/** Whether a text that nothing stands before means an address: it has the form of one, right or wrong. */
export function looksLikeAddress(text: string): boolean {
  const [before = "", after = ""] = text.split("/");
  if (MASKED.test(text)) return true;
  if (text.includes("/"))
    return /^\d{1,3}$/.test(after) && (ADDRESS.test(before) || tryParseAddress(before) !== undefined);
  const range = RANGE.exec(text);
  if (range) return tryParseAddress(range[1] as string) !== undefined;
  return PORT.test(text) || ADDRESS.test(text) || ENDED.test(text) || OPEN.test(text) || PARTIAL6.test(text);
}

/**
 * What a text asks for: an address, with a port or without, a prefix, a range, or an address with an open end. Throws
 * AddressRefused.
 */
export function readAskedAddress(text: string): AskedAddress[] {
  const [, first = "", last = ""] = RANGE.exec(text) ?? [];
  if (first !== "" && /[.:]/.test(first)) return [{ inside: rangeOf(first, last) }];
  const [, ipv4, ipv6, port] = PORT.exec(text) ?? [];
  if (port !== undefined) {
    if (Number(port) < 1 || Number(port) > 65_535) throw new AddressRefused("a port is a number from 1 to 65535");
    return [{ has: strictly(() => parseAddress(ipv4 ?? (ipv6 as string))), port: Number(port) }];
  }
  if (text.includes("/")) return [{ inside: stretchOf(strictly(() => parsePrefix(prefixText(text)))) }];
  // What stands behind a qualifier is an address, where the same alone may be a name.
  const partial = partialStretches(/^\d{1,3}(?:\.\d{1,3}){1,2}$/.test(text) ? `${text}.` : text);
  if (partial) return partial.map((inside) => ({ inside }));
  if (/^\[.*\]$/.test(text)) return [{ has: strictly(() => parseAddress(text.slice(1, -1))) }];
  return [{ has: strictly(() => parseAddress(text)) }];
}

/** The same where what is inside is asked for: an address is a stretch of one. */
export function readAskedStretch(text: string): AskedAddress[] {
  return readAskedAddress(text).map((asked) =>
    "has" in asked && asked.port === undefined ? { inside: stretchOf(hostPrefix(asked.has)) } : asked,
  );
}

/** Whether a subject with these prefixes, and this port if it has one, is what is asked for. */
export function hasAsked(prefixes: readonly Prefix[], port: number | undefined, asked: AskedAddress): boolean {
  if ("inside" in asked) return prefixes.some((prefix) => isInside(prefix, asked.inside));
  if ("around" in asked) return prefixes.some((prefix) => contains(prefix, asked.around));
  const host = hostPrefix(asked.has);
  if (asked.port !== undefined && port !== undefined && port !== asked.port) return false;
  return prefixes.some((prefix) => contains(prefix, host));
}

function isInside(prefix: Prefix, { family, first, last }: Interval): boolean {
  return prefix.family === family && prefix.network >= first && lastAddress(prefix).value <= last;
}

/** The address as it stands for all bits of its family. */
export const bitsOf = ({ family }: Pick<Interval, "family">): number => addressBits(family);
