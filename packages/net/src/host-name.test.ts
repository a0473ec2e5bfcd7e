import fc from "fast-check";
import { describe, expect, test } from "vitest";
import invalid from "../../../test/vectors/net/host-names-invalid.json" with { type: "json" };
import valid from "../../../test/vectors/net/host-names-valid.json" with { type: "json" };
import invalidPorts from "../../../test/vectors/net/host-ports-invalid.json" with { type: "json" };
import validPorts from "../../../test/vectors/net/host-ports-valid.json" with { type: "json" };
import { anAddress, caught } from "../test/support.ts";
import { AddressError, formatAddress } from "./address.ts";
import { formatHostPort, HostNameError, parseHostName, parseHostPort, tryParseHostName } from "./host-name.ts";

describe("parseHostName", () => {
  test.each(valid)("reads $text as $name", ({ text, name }) => {
    expect(parseHostName(text)).toBe(name);
    expect(parseHostName(name)).toBe(name);
    expect(tryParseHostName(text)).toBe(name);
  });

  test("takes up to 253 characters, a wildcard among them", () => {
    const ofLength = (length: number) => `${"a.".repeat(120)}${"b".repeat(length - 240)}`;
    expect(parseHostName(ofLength(253))).toHaveLength(253);
    expect(parseHostName(`*.${ofLength(251)}`, { wildcard: true })).toHaveLength(253);
    for (const text of [ofLength(254), `*.${ofLength(252)}`]) {
      expect(caught(HostNameError, () => parseHostName(text, { wildcard: true })).reason).toBe("name-too-long");
    }
  });

  test("looks at no more than 1,024 characters, even when hardly any of them counts", () => {
    const ofLength = (length: number) => `\u00fc${"\u00ad".repeat(length - 5)}.com`;
    expect(parseHostName(ofLength(1_024))).toBe("xn--tda.com");
    expect(caught(HostNameError, () => parseHostName(ofLength(1_025))).reason).toBe("name-too-long");
  });

  test("a refusal shows the input quoted and shortened, says why, and keeps the input whole", () => {
    const input = `${"a".repeat(100)}\u0007`;
    const error = caught(HostNameError, () => parseHostName(input));
    expect(error.message).toMatch(/^"a{64}…" contains a character that no host name has/);
    expect(error).toMatchObject({ name: "HostNameError", input });
  });

  test("what is no text at all is a fault of the caller, and not taken for a bad name", () => {
    expect(() => tryParseHostName(undefined as unknown as string)).toThrow(TypeError);
  });

  test.each(invalid)("refuses $text because of its $reason", ({ text, reason }) => {
    expect(caught(HostNameError, () => parseHostName(text))).toMatchObject({ reason, input: text });
    expect(tryParseHostName(text)).toBeUndefined();
  });

  test("refuses text that is not well-formed Unicode", () => {
    expect(caught(HostNameError, () => parseHostName("\u00fc\ud800.com")).reason).toBe("not-idna");
  });

  test("takes a wildcard as the whole leftmost label, and only when allowed to", () => {
    const wildcard = true;
    expect(parseHostName("*.M\u00fcnchen.de.", { wildcard })).toBe("*.xn--mnchen-3ya.de");
    expect(parseHostName("www.example.com", { wildcard })).toBe("www.example.com");
    for (const text of ["*", "w*.example.com", "*.*.example.com", "a.*.example.com"]) {
      expect(caught(HostNameError, () => parseHostName(text, { wildcard })).reason).toBe("wildcard");
    }
    expect(caught(HostNameError, () => parseHostName("*.", { wildcard })).reason).toBe("label-empty");
    expect(caught(HostNameError, () => parseHostName("*.0.0.1", { wildcard })).reason).toBe("numeric");
  });

  test("whatever is accepted is plain, short enough, and its own normal form", () => {
    const piece = fc.oneof(
      fc.constantFrom("a", "Z", "9", "-", ".", "xn--", "\u00fc", "\u00df", "\uff0e", "\u2100", "%41", "/", "_", "0x7f"),
      fc.string({ unit: "grapheme", maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const name = tryParseHostName(pieces.join(""));
        if (name === undefined) return;
        expect(name).toMatch(/^(?!-)[0-9a-z-]{1,63}(?<!-)(\.(?!-)[0-9a-z-]{1,63}(?<!-))*$/);
        expect(name.length).toBeLessThanOrEqual(253);
        expect(parseHostName(name)).toBe(name);
      }),
      { numRuns: 3_000 },
    );
  });

  test("no address in any of its spellings passes for a host name", () => {
    fc.assert(
      fc.property(anAddress(4), (address) => {
        const value = Number(address.value);
        for (const text of [
          formatAddress(address),
          String(value),
          `0x${value.toString(16)}`,
          `0${value.toString(8)}`,
        ]) {
          expect(tryParseHostName(text)).toBeUndefined();
        }
      }),
    );
  });
});

describe("parseHostPort", () => {
  test.each(validPorts)("reads $text", ({ text, host, port, address, canonical }) => {
    const target = parseHostPort(text);
    expect({ host: target.host, port: target.port, address: target.address !== undefined }).toEqual({
      host,
      port,
      address,
    });
    expect(formatHostPort(target)).toBe(canonical);
  });

  test.each(invalidPorts)("refuses $text because of its $reason", ({ text, reason }) => {
    expect(caught(HostNameError, () => parseHostPort(text))).toMatchObject({ reason, input: text });
  });

  test("a bad address in brackets keeps the address error as its cause", () => {
    const { cause } = caught(HostNameError, () => parseHostPort("[fe80::1%eth0]:443"));
    expect(cause).toBeInstanceOf(AddressError);
    expect(cause).toMatchObject({ reason: "zone-id" });
  });

  test("every address and port survives being written and read", () => {
    fc.assert(
      fc.property(anAddress(), fc.integer({ min: 1, max: 65_535 }), (address, port) => {
        const target = { host: formatAddress(address), port, address };
        expect(parseHostPort(formatHostPort(target))).toEqual(target);
      }),
    );
  });
});
