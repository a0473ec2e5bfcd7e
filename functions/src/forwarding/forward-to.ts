import { AddressError } from "@cadastre/net/address";
import { type Prefix, parsePrefix } from "@cadastre/net/prefix";

/** Blocks of addresses, separated by commas. Throws RangeError that says what they must be. */
export function toForwardTo(text: string): Prefix[] {
  const given = text.split(",").map((one) => one.trim());
  return given.filter(Boolean).map((one) => {
    try {
      return parsePrefix(one, { allowAddress: true });
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      throw new RangeError(`blocks of addresses, separated by commas: ${error.message}`, { cause: error });
    }
  });
}
