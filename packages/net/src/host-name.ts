import { domainToASCII, domainToUnicode } from "node:url";
import { type Address, AddressError, formatAddress, parseAddress, tryParseAddress } from "./address.ts";
import { quoteInput } from "./address-error.ts";

const explanations = {
  empty: "is empty; write a host name such as www.example.com",
  whitespace: "contains white space; remove it",
  "invalid-character":
    "contains a character that no host name has; letters, digits and hyphens are allowed, labels separated by dots",
  "label-empty": "has an empty label (two dots in a row, or a dot at the beginning)",
  "label-too-long": "has a label of more than 63 characters",
  "label-hyphen": "has a label that begins or ends with a hyphen",
  "name-too-long": "has more than 253 characters",
  "not-idna": "has a label that is not a valid internationalised name (IDNA)",
  wildcard: "has a wildcard that is not allowed here",
  numeric: "ends in a number, so programs may read it as an IPv4 address",
  "address-invalid": "does not hold a valid address in its brackets",
  "brackets-missing": "holds an IPv6 address without brackets; write [address]:port",
  "port-missing": "has no port; write host:port or [address]:port",
  "port-invalid": "has a port that is not a decimal number from 1 to 65535, without leading zeros",
} as const;

/** Why a text is not a host name, or not a host and port. */
export type HostNameReason = keyof typeof explanations;

/** Thrown by `parseHostName` and `parseHostPort`. */
export class HostNameError extends Error {
  readonly reason: HostNameReason;
  /** The text as it was given, in full. */
  readonly input: string;

  constructor(reason: HostNameReason, input: string, options?: ErrorOptions) {
    super(`${quoteInput(input)} ${explanations[reason]}`, options);
    this.name = "HostNameError";
    this.reason = reason;
    this.input = input;
  }
}

export interface HostNameOptions {
  /** Accept `*` as the whole leftmost label, as certificates have it. */
  readonly wildcard?: boolean;
}

/**
 * Reads a host name and answers its one normal form: lower case, ASCII (international labels as A-labels, UTS #46), no
 * trailing dot. Letters, digits and hyphens only (RFC 1123 §2.1), labels of 1 to 63 and 253 characters in all
 * (RFC 1035 §2.3.4). Underscores and names that end in a number are refused. Throws HostNameError.
 */
export function parseHostName(text: string, options: HostNameOptions = {}): string {
  const refuse = (reason: HostNameReason) => new HostNameError(reason, text);
  if (text === "" || text === ".") throw refuse("empty");
  if (/\s/.test(text)) throw refuse("whitespace");
  // Bounds the work: no name of 253 characters has an honest spelling this long.
  if (text.length > 1_024) throw refuse("name-too-long");
  const wildcard = text.startsWith("*.");
  if (wildcard && options.wildcard !== true) throw refuse("wildcard");
  const ascii = toAscii(wildcard ? text.slice(2) : text, refuse);
  const name = ascii.endsWith(".") ? ascii.slice(0, -1) : ascii;
  const whole = wildcard ? `*.${name}` : name;
  if (whole.length > 253) throw refuse("name-too-long");
  const labels = name.split(".");
  for (const label of labels) {
    const reason = labelReason(label);
    if (reason !== undefined) throw refuse(reason);
  }
  // The WHATWG URL standard ("ends in a number") and inet_aton read such names as addresses: 0x7f.1 is 127.0.0.1.
  if (/^(?:[0-9]+|0x[0-9a-f]*)$/.test(labels.at(-1) as string)) throw refuse("numeric");
  return whole;
}

/** `parseHostName` that answers undefined where that throws. */
export function tryParseHostName(text: string, options: HostNameOptions = {}): string | undefined {
  try {
    return parseHostName(text, options);
  } catch (error) {
    if (error instanceof HostNameError) return undefined;
    throw error;
  }
}

function toAscii(name: string, refuse: (reason: HostNameReason) => HostNameError): string {
  if (name.includes("*")) throw refuse("wildcard");
  // `domainToASCII` reads its argument as part of a URL: it decodes %41 and stops at / ? and #. None of them may reach it.
  if (/[\0-,/:-@[-`{-\x7f]/.test(name)) throw refuse("invalid-character");
  if (/^[\0-\x7f]*$/.test(name)) return name.toLowerCase();
  const ascii = domainToASCII(name);
  if (ascii === "") throw refuse("not-idna");
  return ascii;
}

function labelReason(label: string): HostNameReason | undefined {
  if (label === "") return "label-empty";
  if (label.length > 63) return "label-too-long";
  if (!/^[0-9a-z-]+$/.test(label)) return "invalid-character";
  if (label.startsWith("-") || label.endsWith("-")) return "label-hyphen";
  return label.startsWith("xn--") && !isALabel(label) ? "not-idna" : undefined;
}

/** `domainToASCII` lets any ASCII pass, so an A-label is checked by decoding it and encoding it again. */
function isALabel(label: string): boolean {
  const unicode = domainToUnicode(label);
  return unicode !== label && domainToASCII(unicode) === label;
}

export interface HostPort {
  /** The host name as `parseHostName` makes it, or the address as `formatAddress` does, without brackets. */
  readonly host: string;
  readonly port: number;
  /** The address, when the host is one. */
  readonly address: Address | undefined;
}

/** Reads `host:port`, `192.0.2.1:port` or `[2001:db8::1]:port`. Throws HostNameError. */
export function parseHostPort(text: string): HostPort {
  if (text.startsWith("[")) return parseBracketed(text);
  const colon = text.indexOf(":");
  if (colon !== text.lastIndexOf(":")) throw new HostNameError("brackets-missing", text);
  if (colon < 0) throw new HostNameError("port-missing", text);
  const host = text.slice(0, colon);
  const port = parsePort(text, colon + 1);
  const address = tryParseAddress(host);
  return { host: address === undefined ? hostPart(host, text) : formatAddress(address), port, address };
}

/** Writes what `parseHostPort` reads. */
export function formatHostPort(target: HostPort): string {
  return target.address?.family === 6 ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`;
}

function hostPart(host: string, text: string): string {
  try {
    return parseHostName(host);
  } catch (error) {
    throw error instanceof HostNameError ? new HostNameError(error.reason, text) : error;
  }
}

function parseBracketed(text: string): HostPort {
  const close = text.indexOf("]");
  if (close < 0) throw new HostNameError("address-invalid", text);
  const address = bracketedAddress(text, close);
  if (text.charAt(close + 1) !== ":") throw new HostNameError("port-missing", text);
  return { host: formatAddress(address), port: parsePort(text, close + 2), address };
}

function bracketedAddress(text: string, close: number): Address {
  try {
    const address = parseAddress(text.slice(1, close));
    if (address.family === 6) return address;
  } catch (error) {
    throw error instanceof AddressError ? new HostNameError("address-invalid", text, { cause: error }) : error;
  }
  throw new HostNameError("address-invalid", text);
}

function parsePort(text: string, start: number): number {
  const digits = text.slice(start);
  if (digits === "") throw new HostNameError("port-missing", text);
  const port = Number(digits);
  if (!/^[1-9][0-9]{0,4}$/.test(digits) || port > 65_535) throw new HostNameError("port-invalid", text);
  return port;
}
