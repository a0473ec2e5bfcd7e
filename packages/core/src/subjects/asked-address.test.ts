import { formatAddress, parseAddress } from "@cadastre/net/address";
import type { Interval } from "@cadastre/net/interval";
import { parsePrefix } from "@cadastre/net/prefix";
import { describe, expect, it } from "vitest";
import {
  AddressRefused,
  bitsOf,
  hasAsked,
  looksLikeAddress,
  partialStretches,
  readAskedAddress,
  readAskedStretch,
  stretchOf,
} from "./asked-address.ts";

const written = ({ family, first, last }: Interval) =>
  [first, last].map((value) => formatAddress({ family, value })).join("-");
const short = (text: string, read = readAskedAddress) =>
  read(text)
    .map((one) =>
      "has" in one
        ? `${formatAddress(one.has)}${one.port === undefined ? "" : ` port ${one.port}`}`
        : written("inside" in one ? one.inside : stretchOf(one.around)),
    )
    .join(" ");

describe("an address that is asked for", () => {
  it.each<[string, string]>([
    ["10.1.2.5", "10.1.2.5"],
    ["2001:DB8::1", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["10.1.2.5:443", "10.1.2.5 port 443"],
    ["10.1.2.5:1", "10.1.2.5 port 1"],
    ["10.1.2.5:65535", "10.1.2.5 port 65535"],
    ["[2001:db8::1]:8443", "2001:db8::1 port 8443"],
    ["10.1.2.0/24", "10.1.2.0-10.1.2.255"],
    ["2001:db8::/32", "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["10.1.2.0/255.255.255.0", "10.1.2.0-10.1.2.255"],
    ["10.1.2.0/0.0.0.255", "10.1.2.0-10.1.2.255"],
    ["10.1.2.3-10.1.2.9", "10.1.2.3-10.1.2.9"],
    ["10.1.2.3-9", "10.1.2.3-10.1.2.9"],
    ["10.1.2.100-120", "10.1.2.100-10.1.2.120"],
    ["10.140", "10.140.0.0-10.140.255.255"],
    ["10.255.", "10.255.0.0-10.255.255.255"],
    ["10.1.2.3-10.1.2.3", "10.1.2.3-10.1.2.3"],
    ["2001:db8::1-2001:db8::9", "2001:db8::1-2001:db8::9"],
    ["10.", "10.0.0.0-10.255.255.255"],
    ["10.1.", "10.1.0.0-10.1.255.255"],
    ["10.1.2.", "10.1.2.0-10.1.2.255"],
    ["10.1", "10.1.0.0-10.1.255.255"],
    ["10.1.2", "10.1.2.0-10.1.2.255"],
    ["10.140.*", "10.140.0.0-10.140.255.255"],
    ["10.140.x.x", "10.140.0.0-10.140.255.255"],
    ["10.140.X.*", "10.140.0.0-10.140.255.255"],
    ["0.0.0.*", "0.0.0.0-0.0.0.255"],
    [
      "10.1.25*",
      "10.1.25.0-10.1.25.255 10.1.250.0-10.1.250.255 10.1.251.0-10.1.251.255 10.1.252.0-10.1.252.255 10.1.253.0-10.1.253.255 10.1.254.0-10.1.254.255 10.1.255.0-10.1.255.255",
    ],
    [
      "10.1.2.25*",
      "10.1.2.25-10.1.2.25 10.1.2.250-10.1.2.250 10.1.2.251-10.1.2.251 10.1.2.252-10.1.2.252 10.1.2.253-10.1.2.253 10.1.2.254-10.1.2.254 10.1.2.255-10.1.2.255",
    ],
    ["10.1.2.0*", "10.1.2.0-10.1.2.0"],
    ["2001:db8:*", "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["2001:db8:", "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["1:2:3:4:5:6:7:*", "1:2:3:4:5:6:7:0-1:2:3:4:5:6:7:ffff"],
    ["fe80::", "fe80::"],
  ])("%s is %s", (text, expected) => {
    expect(short(text)).toBe(expected);
  });

  it("is a stretch of one where what is inside is asked for, but for one with a port", () => {
    expect(short("10.1.2.5", readAskedStretch)).toBe("10.1.2.5-10.1.2.5");
    expect(short("2001:db8::1", readAskedStretch)).toBe("2001:db8::1-2001:db8::1");
    expect(short("10.1.2.5:443", readAskedStretch)).toBe("10.1.2.5 port 443");
    expect(short("10.1.2.0/24", readAskedStretch)).toBe("10.1.2.0-10.1.2.255");
  });

  it.each<[string, string]>([
    ["10.1.2.256", "above 255"],
    ["10.1.2.5/24", "10.1.2.0/24"],
    ["10.1.2.0/33", "10.1.2.0/33"],
    ["10.1.2.0/255.0.255.0", "255.0.255.0 is no mask, which is ones and then zeros"],
    ["10.1.2.0/256.0.0.0", "256.0.0.0"],
    ["10.1.2.5:0", "a port is a number from 1 to 65535"],
    ["10.1.2.5:65536", "a port is a number from 1 to 65535"],
    ["10.1.2.9-10.1.2.5", "the first address is greater than the last"],
    ["2001:db8::1-5", "5"],
    ["10.1.2.9-5", "the first address is greater than the last"],
    ["10.1.2.9-2001:db8::1", "both ends are of one family, IPv4 or IPv6"],
    ["10.1.2.9-10.1.2.256", "above 255"],
    ["10.*.1.1", "only the end may be open: 10.140.*"],
    ["10.*.1", "only the end may be open"],
    ["300.", "each part is a number from 0 to 255, without leading zeros"],
    ["10.01.", "without leading zeros"],
    ["10.256.*", "each part is a number from 0 to 255"],
    ["10.1.2.00*", "no number from 0 to 255 begins with 00"],
    ["[10.1.2.5", "brackets"],
    ["2001:db8::1%eth0", "zone"],
    ["nothing", "nothing"],
  ])("%s is refused: %s", (text, reason) => {
    expect(() => readAskedAddress(text)).toThrow(AddressRefused);
    expect(() => readAskedAddress(text)).toThrow(reason);
  });
});

describe("a text that goes on", () => {
  it("is none where it is a whole address, a name, or another thing", () => {
    for (const text of [
      "10.1.2.5",
      "10.1",
      "web.*",
      "fe80::",
      "1:2:3:4:5:6:7:8",
      "abcd",
      "10.x1",
      "10..",
      "1000.",
      "a:b:c::*",
    ])
      expect(partialStretches(text), text).toBeUndefined();
    expect(partialStretches("10.1.")?.map(written)).toEqual(["10.1.0.0-10.1.255.255"]);
  });
});

describe("a text that nothing stands before", () => {
  it.each([
    "10.1.2.5",
    "10.1.2.256",
    "10.1.2.5.6",
    "10.1.2.0/24",
    "10.1.2.5/24",
    "2001:db8::/32",
    "::1",
    "2001:db8::1",
    "abcd::1",
    "2001:db8:::1",
    "::ffff:10.1.2.5",
    "fe80::1%eth0",
    "[2001:db8::1]",
    "[2001:db8::1]:443",
    "10.1.2.5:443",
    "10.1.2.0/255.255.255.0",
    "10.1.2.3-10.1.2.9",
    "10.1.2.3-9",
    "10.1.",
    "10.140.*",
    "10.140.x.x",
    "2001:db8:*",
    "2001:",
  ])("means an address where it has the form of one, right or wrong: %s", (text) => {
    expect(looksLikeAddress(text)).toBe(true);
  });

  it.each([
    "web",
    "10",
    "10.1",
    "10.1.2",
    "web-1",
    "a/b",
    "10.1.2.0/web",
    "web/24",
    "10.1.2.0/1234",
    "1-2",
    "10.1-10.2",
    "x.*",
    "",
    "v10.1.2.5",
    "10.1.2.5a",
    "a.10.",
    "host:443",
    "1.2.3.4.example",
  ])("and else is a word: %s", (text) => {
    if (text === "abc:") expect(looksLikeAddress(text)).toBe(true);
    else expect(looksLikeAddress(text)).toBe(false);
  });
});

describe("what has addresses", () => {
  const prefixes = [parsePrefix("10.1.2.0/24"), parsePrefix("2001:db8::/64")];
  const has = (text: string, port?: number) => readAskedAddress(text).some((asked) => hasAsked(prefixes, port, asked));

  it("has each one that lies in one of its prefixes", () => {
    expect([has("10.1.2.0"), has("10.1.2.255"), has("2001:db8::5")]).toEqual([true, true, true]);
    expect([has("10.1.3.0"), has("10.1.1.255"), has("2001:db8:0:1::")]).toEqual([false, false, false]);
  });

  it("has it at a port where it has no other: what has no port may be there", () => {
    expect([has("10.1.2.5:443"), has("10.1.2.5:443", 443), has("10.1.2.5", 443)]).toEqual([true, true, true]);
    expect([has("10.1.2.5:443", 80), has("10.1.3.5:443", 443)]).toEqual([false, false]);
  });

  it("lies inside a stretch where the whole of a prefix does", () => {
    expect([has("10.1.2.0/24"), has("10.1.0.0/16"), has("10.1.2.0-10.1.2.255"), has("2001:db8::/64")]).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect([has("10.1.2.0/25"), has("10.1.2.1-10.1.2.255"), has("10.1.2.0-10.1.2.254"), has("2001:db8::/65")]).toEqual([
      false,
      false,
      false,
      false,
    ]);
    const asked = { inside: { family: 6 as const, first: 0n, last: 2n ** 128n - 1n } };
    expect(hasAsked([prefixes[0] as never], undefined, asked)).toBe(false);
  });

  it("has as many bits as its family", () => {
    expect([bitsOf(parseAddress("10.1.2.5")), bitsOf(parseAddress("::1"))]).toEqual([32, 128]);
  });
});
