/** Why a text is not an address, a prefix, a range or a key. Closed: callers may map it exhaustively. */
export type AddressReason = keyof typeof explanations;

const explanations = {
  empty: "has no address; write an IPv4 address such as 192.0.2.1 or an IPv6 address such as 2001:db8::1",
  whitespace: "contains white space; remove it",
  "zone-id": "carries a zone id (%…), which has a meaning on one machine only; leave it out",
  brackets: "is written in brackets, which belong to URLs; write the bare address",
  port: "carries a port; write the bare address",
  "prefix-length": "carries a prefix length where one address is expected",
  "mixed-notation": "writes part of an IPv6 address in dots; write hexadecimal groups, or the IPv4 address itself",
  "invalid-character": "contains a character that belongs neither to an IPv4 nor to an IPv6 address",
  "octet-count": "does not have the four octets of an IPv4 address",
  "octet-empty": "has an empty octet",
  "octet-leading-zero": "has an octet with a leading zero, which some programs read as octal; write it without",
  "octet-out-of-range": "has an octet above 255",
  "group-count": "does not have the eight groups of an IPv6 address (:: stands for one or more of them)",
  "group-empty": "has an empty group; only :: may leave groups out",
  "group-too-long": "has a group of more than four hexadecimal digits",
  "double-compression": "leaves groups out (::) more than once",
  "length-missing": "has no prefix length; write one, such as /24",
  "length-invalid": "has a prefix length that is not a decimal number",
  "length-leading-zero": "has a prefix length with a leading zero; write it without",
  "length-out-of-range": "has a prefix length outside 0 to 32 (IPv4) or 0 to 128 (IPv6)",
  "host-bits-set": "has bits set behind its prefix length",
  "range-families-differ": "mixes IPv4 and IPv6",
  "range-reversed": "ends before it begins",
  "key-malformed": "is not a prefix key (4: or 6:, 32 hexadecimal digits, / and a three-digit length)",
} as const;

/** The input as it may stand in a message: quoted, control characters escaped, at most 64 characters of it. */
export function quoteInput(input: string): string {
  return JSON.stringify(input.length > 64 ? `${input.slice(0, 64)}…` : input);
}

/** Thrown by everything in this package that reads addresses, prefixes, ranges and keys. */
export class AddressError extends Error {
  readonly reason: AddressReason;
  /** The text as it was given, in full. */
  readonly input: string;

  constructor(reason: AddressReason, input: string, hint?: string) {
    super(`${quoteInput(input)} ${explanations[reason]}${hint === undefined ? "" : `; ${hint}`}`);
    this.name = "AddressError";
    this.reason = reason;
    this.input = input;
  }
}
