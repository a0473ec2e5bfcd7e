import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import invalid from "../../../test/vectors/net/addresses-invalid.json" with { type: "json" };
import valid from "../../../test/vectors/net/addresses-valid.json" with { type: "json" };
import { anAddress, caught } from "../test/support.ts";
import { AddressError, addressBits, formatAddress, parseAddress, readAddress, tryParseAddress } from "./address.ts";

describe("parseAddress", () => {
  test.each(valid)("reads $text", ({ text, family, hex, canonical }) => {
    const address = parseAddress(text);
    expect(address).toEqual({ family, value: BigInt(`0x${hex}`) });
    expect(formatAddress(address)).toBe(canonical);
  });

  test.each(invalid)("refuses $text because of its $reason", ({ text, reason }) => {
    expect(caught(AddressError, () => parseAddress(text))).toMatchObject({ reason, input: text });
    expect(tryParseAddress(text)).toBeUndefined();
  });

  test("a refusal shows the input quoted and shortened, and keeps it whole beside the message", () => {
    const input = `10.0.0.1\u0007${"9".repeat(10_000)}`;
    const error = caught(AddressError, () => parseAddress(input));
    expect(error.message).toContain("\\u0007");
    expect(error.message.length).toBeLessThan(250);
    expect(error.input).toBe(input);
    expect(error.name).toBe("AddressError");
  });

  test("a refusal shows all of an input of up to 64 characters, then what is wrong and nothing more", () => {
    const [whole, longer] = [64, 65].map((length) => "x".repeat(length));
    const message = (text: string) => caught(AddressError, () => parseAddress(text)).message;
    expect(message(`${whole}`)).toBe(
      `"${whole}" contains a character that belongs neither to an IPv4 nor to an IPv6 address`,
    );
    expect(message(`${longer}`)).toContain(`"${whole}…" contains`);
  });

  test("accepts nothing that Node does not take for an address, and all of it but zone ids and dots in IPv6", () => {
    const piece = fc.constantFrom(
      "0",
      "1",
      "01",
      "255",
      "256",
      "a",
      "ffff",
      "00000",
      ".",
      "..",
      ":",
      "::",
      "%1",
      " ",
      "/",
      "1.2.3.4",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 15 }), (pieces) => {
        const text = pieces.join("");
        const plainIPv6 = isIPv6(text) && !text.includes("%") && !text.includes(".");
        expect(tryParseAddress(text)?.family).toBe(isIPv4(text) ? 4 : plainIPv6 ? 6 : undefined);
      }),
      { numRuns: 5_000 },
    );
  });

  test("any text is either an address or refused with a reason", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        if (tryParseAddress(text) === undefined)
          expect(caught(AddressError, () => parseAddress(text)).input).toBe(text);
      }),
    );
  });
});

describe("the readers of addresses in a longer text", () => {
  test("see nothing of what stands behind the end they are given", () => {
    const piece = fc.constantFrom("0", "1", "25", "f", ".", ":", "::", "/", "@", "1.2.3.4", "2001:db8::1");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(40), (pieces, some) => {
        const text = pieces.join("");
        const end = Math.min(some, text.length);
        expect(readAddress(text, end)).toEqual(tryParseAddress(text.slice(0, end)));
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("formatAddress", () => {
  test("every address survives being written and read", () => {
    fc.assert(
      fc.property(anAddress(), (address) => {
        expect(parseAddress(formatAddress(address))).toEqual(address);
      }),
    );
  });

  test("writes IPv6 as the URL standard does, which follows RFC 5952", () => {
    fc.assert(
      fc.property(anAddress(6), (address) => {
        const text = formatAddress(address);
        expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text}]`);
      }),
    );
  });

  test("every value of a family fits its bits", () => {
    expect(formatAddress({ family: 4, value: (1n << BigInt(addressBits(4))) - 1n })).toBe("255.255.255.255");
    expect(formatAddress({ family: 6, value: (1n << BigInt(addressBits(6))) - 1n })).toMatch(/^(ffff:){7}ffff$/);
  });
});
