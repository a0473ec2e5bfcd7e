import { type Address, AddressError, addressBits, type Family } from "./address.ts";
import { lastAddress, type Prefix, prefixOf } from "./prefix.ts";

/*
 * Keys sort as plain text (byte order, as in DynamoDB and SQLite) the way addresses sort as numbers. IPv4 stands at the left
 * of the 32 digits, so that a digit has the same weight for the same prefix length whatever the address.
 */

const IPV4_PADDING = "0".repeat(24);
const LENGTHS = Array.from({ length: 129 }, (_, length) => String(length).padStart(3, "0"));

/** `<family>` and 32 lower-case hex digits, IPv4 left-aligned: `40a000001000…`. Sorts by family, then address. */
export function addressKey(address: Address): string {
  return `${address.family}${digits(address.family, address.value)}`;
}

/** `<family>:`, 32 lower-case hex digits of the network, `/`, three-digit length. Sorts exactly as `comparePrefixes`. */
export function prefixKey(prefix: Prefix): string {
  return `${prefix.family}:${digits(prefix.family, prefix.network)}/${LENGTHS[prefix.length]}`;
}

function digits(family: Family, value: bigint): string {
  if (family === 4) return Number(value).toString(16).padStart(8, "0") + IPV4_PADDING;
  return value.toString(16).padStart(32, "0");
}

/**
 * Inclusive bounds on `prefixKey` that hold exactly the prefixes contained in this one, itself included: nothing is left
 * to filter. A shorter prefix at the same network address has a smaller length in its key and so sorts before `from`;
 * a shorter prefix cannot begin further inside, because it would not be aligned there.
 */
export function withinRange(prefix: Prefix): { from: string; to: string } {
  const last = lastAddress(prefix);
  return {
    from: prefixKey(prefix),
    to: prefixKey({ ...prefix, network: last.value, length: addressBits(prefix.family) }),
  };
}

/** The prefix of a key made by `prefixKey`. Throws AddressError (`key-malformed`) for any other text. */
export function fromPrefixKey(key: string): Prefix {
  const match = /^([46]):([0-9a-f]{32})\/([0-9]{3})$/.exec(key);
  if (match === null) throw new AddressError("key-malformed", key);
  const [, digit, hex, length] = match as unknown as readonly [string, string, string, string];
  const family: Family = digit === "4" ? 4 : 6;
  if (Number(length) > addressBits(family)) throw new AddressError("key-malformed", key);
  const value = BigInt(`0x${family === 4 ? hex.slice(0, 8) : hex}`);
  const prefix = prefixOf({ family, value }, Number(length));
  // Catches bits behind the length and digits in the padding, which no key made here has.
  if (prefixKey(prefix) !== key) throw new AddressError("key-malformed", key);
  return prefix;
}
