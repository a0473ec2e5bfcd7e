import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAddress } from "./address.ts";
import { maskLength } from "./mask.ts";

const lengthOf = (text: string) => maskLength(parseAddress(text));

describe("a mask", () => {
  it.each([
    ["255.255.255.0", 24],
    ["0.0.0.255", 24],
    ["255.255.255.255", 32],
    ["0.0.0.0", 0],
    ["255.254.0.0", 15],
    ["0.1.255.255", 15],
    ["255.0.255.0", undefined],
    ["10.1.2.0", undefined],
    ["::", undefined],
  ])("%s is of %s bits", (text, length) => expect(lengthOf(text)).toBe(length));

  it("of any length is read as it, also turned over", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 31 }), (length) => {
        const hosts = (1n << BigInt(32 - length)) - 1n;
        expect(maskLength({ family: 4, value: hosts })).toBe(length);
        expect(maskLength({ family: 4, value: hosts ^ ((1n << 32n) - 1n) })).toBe(length);
      }),
    );
  });
});
