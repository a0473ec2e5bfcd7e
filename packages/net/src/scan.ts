import type { AddressReason } from "./address-error.ts";

/*
 * The two readers work on character codes and plain numbers, because an ingest reads hundreds of thousands of addresses.
 * They only say yes or no; `explainAddress` finds the reason afterwards, at leisure.
 */

const DOT = 46;
const COLON = 58;

/** Reads dotted decimal IPv4 in text[0, end): the address as a number below 2^32, or -1. Leading zeros are refused. */
export function scanIPv4(text: string, end: number): number {
  let value = 0;
  let octet = 0;
  let digits = 0;
  let dots = 0;
  for (let index = 0; index < end; index++) {
    const code = text.charCodeAt(index);
    if (code === DOT) {
      if (digits === 0) return -1;
      value = value * 256 + octet;
      octet = 0;
      digits = 0;
      dots++;
    } else if (code >= 48 && code <= 57) {
      if (digits > 0 && octet === 0) return -1;
      octet = octet * 10 + code - 48;
      if (octet > 255) return -1;
      digits++;
    } else {
      return -1;
    }
  }
  return dots === 3 && digits > 0 ? value * 256 + octet : -1;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** Reads IPv6 in hexadecimal groups (RFC 4291 §2.2, forms 1 and 2) in text[0, end), or answers undefined. */
export function scanIPv6(text: string, end: number): bigint | undefined {
  const groups: number[] = [];
  let compressedAt = -1;
  let index = 0;
  if (text.charCodeAt(0) === COLON) {
    if (end < 2 || text.charCodeAt(1) !== COLON) return undefined;
    compressedAt = 0;
    index = 2;
  }
  while (index < end) {
    let group = 0;
    let digits = 0;
    while (index < end) {
      const digit = hexDigit(text.charCodeAt(index));
      if (digit < 0) break;
      if (++digits > 4) return undefined;
      group = group * 16 + digit;
      index++;
    }
    if (digits === 0 || groups.push(group) > 8) return undefined;
    if (index === end) break;
    if (text.charCodeAt(index) !== COLON || ++index === end) return undefined;
    if (text.charCodeAt(index) === COLON) {
      if (compressedAt >= 0) return undefined;
      compressedAt = groups.length;
      index++;
    }
  }
  if (compressedAt < 0 ? groups.length !== 8 : groups.length > 7) return undefined;
  return joinGroups(groups, compressedAt);
}

function joinGroups(groups: readonly number[], compressedAt: number): bigint {
  const skipped = 8 - groups.length;
  const words: [number, number, number, number] = [0, 0, 0, 0];
  for (let index = 0; index < groups.length; index++) {
    // Without :: none is skipped.
    const place = index >= compressedAt ? index + skipped : index;
    const group = groups[index] ?? 0;
    const word = (place >> 1) as 0 | 1 | 2 | 3;
    words[word] += place % 2 === 0 ? group * 65536 : group;
  }
  const [first, second, third, fourth] = words;
  return (BigInt(first) << 96n) | (BigInt(second) << 64n) | (BigInt(third) << 32n) | BigInt(fourth);
}

/** The reason why a text, already refused by both readers, is no address. */
export function explainAddress(text: string): AddressReason {
  if (text === "") return "empty";
  if (/\s/.test(text)) return "whitespace";
  if (text.includes("%")) return "zone-id";
  if (/[[\]]/.test(text)) return text.includes("]:") ? "port" : "brackets";
  if (text.includes("/")) return "prefix-length";
  return text.includes(":") ? explainIPv6(text) : explainIPv4(text);
}

function explainIPv4(text: string): AddressReason {
  if (/[^0-9.]/.test(text)) return "invalid-character";
  const octets = text.split(".");
  if (octets.includes("")) return "octet-empty";
  if (octets.length !== 4) return "octet-count";
  return octets.some((octet) => octet.length > 1 && octet.startsWith("0"))
    ? "octet-leading-zero"
    : "octet-out-of-range";
}

function explainIPv6(text: string): AddressReason {
  if (text.includes(".")) return text.indexOf(".") < text.indexOf(":") ? "port" : "mixed-notation";
  if (/[^0-9a-fA-F:]/.test(text)) return "invalid-character";
  if (text.indexOf("::") !== text.lastIndexOf("::")) return "double-compression";
  const groups = text.split(":");
  if (groups.some((group) => group.length > 4)) return "group-too-long";
  const outer = text.replace("::", "-");
  return outer.startsWith(":") || outer.endsWith(":") ? "group-empty" : "group-count";
}
