import { describe, expect, it } from "vitest";
import { isAllowedAddress, toAddressList } from "./address-list.ts";
import { sourceOf } from "./canonical-address.ts";
import { clientAddress, toTrustedProxies } from "./client-address.ts";

describe("a list of addresses", () => {
  it("is kept in one form, whatever it was written in, and with nothing twice", () => {
    const given = [
      "10.0.0.1/8",
      "10.9.0.0/16",
      "::ffff:192.0.2.7",
      "::ffff:c000:208/128",
      "2001:DB8::/32",
      "::ffff:172.16.0.0/108",
    ];
    expect(toAddressList(given, "addresses")).toEqual([
      "10.0.0.0/8",
      "172.16.0.0/12",
      "192.0.2.7/32",
      "192.0.2.8/32",
      "2001:db8::/32",
    ]);
    expect(toAddressList(["0.0.0.0/0", "::/0"], "addresses")).toEqual(["0.0.0.0/0", "::/0"]);
  });

  it.each([
    "",
    "10.0.0",
    "010.0.0.1",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "example.org",
    "10.0.0.0/8,",
    "::ffff:10.0.0.0/129",
    "1.2.3.4/-1",
  ])("does not take %j, and says where it stands", (text) => {
    expect(() => toAddressList(["10.0.0.0/8", text], "addresses")).toThrow(
      expect.objectContaining({ code: "request.invalid", errors: [expect.objectContaining({ path: "addresses[1]" })] }),
    );
  });

  it("lets in who is allowed and not denied, in whatever form the address comes", () => {
    const lists = { allow: ["10.0.0.0/8", "2001:db8::/32"], deny: ["10.1.0.0/16"] };
    for (const address of ["10.2.0.1", "::ffff:10.2.0.1", "::FFFF:0a02:1", "[2001:db8::1]:443", "10.2.0.1:5000"])
      expect(isAllowedAddress(address, lists), address).toBe(true);
    for (const address of [
      "10.1.0.1",
      "::ffff:10.1.2.3",
      "11.0.0.1",
      "2001:db9::1",
      "",
      "unknown",
      undefined,
      "010.2.0.1",
      "0x0a020001",
    ])
      expect(isAllowedAddress(address, lists), String(address)).toBe(false);
  });

  it("does not take an address behind a tunnel or a translation for the IPv4 address in it", () => {
    for (const address of ["2002:0a02:0001::1", "64:ff9b::10.2.0.1", "::10.2.0.1", "::ffff:0:10.2.0.1"])
      expect(isAllowedAddress(address, { allow: ["10.0.0.0/8"] }), address).toBe(false);
  });

  it("that is only of who is denied lets all others in, but nobody whose address is not known", () => {
    expect(isAllowedAddress("192.0.2.1", { deny: ["10.0.0.0/8"] })).toBe(true);
    expect(isAllowedAddress("10.0.0.1", { deny: ["10.0.0.0/8"] })).toBe(false);
    expect(isAllowedAddress(undefined, { deny: ["10.0.0.0/8"] })).toBe(false);
    expect(isAllowedAddress(undefined, {})).toBe(true);
    expect(isAllowedAddress("10.0.0.1", { allow: [] })).toBe(false);
  });

  it("takes an IPv6 site for one source, and every form of an IPv4 address for the same", () => {
    expect(sourceOf("2001:db8:1:2:3::4")).toBe("2001:db8:1:2::/64");
    expect(sourceOf("::ffff:192.0.2.1")).toBe("192.0.2.1");
    expect(sourceOf("fe80::1%eth0")).toBe("fe80::/64");
    expect(sourceOf("nobody")).toBe("unknown");
    expect(sourceOf(undefined)).toBe("unknown");
  });
});

describe("where a request came from", () => {
  const of = (peer: string | undefined, forwardedFor: string | null, trusted: string) =>
    clientAddress({ peer, forwardedFor, trusted: toTrustedProxies(trusted) });

  it.each([
    ["192.0.2.1", "10.9.9.9", "0", "192.0.2.1"],
    ["192.0.2.1", "10.9.9.9", "", "192.0.2.1"],
    ["192.0.2.1", null, "1", "192.0.2.1"],
    // What stands to the left of what the proxy wrote is the caller's own word.
    ["10.0.0.1", "6.6.6.6, 198.51.100.7", "1", "198.51.100.7"],
    ["10.0.0.1", "6.6.6.6, 198.51.100.7, 10.0.0.2", "2", "198.51.100.7"],
    ["10.0.0.1", "198.51.100.7", "2", "198.51.100.7"],
    ["::ffff:10.0.0.1", "6.6.6.6, 198.51.100.7:4711", "10.0.0.0/8", "198.51.100.7"],
    ["10.0.0.1", "6.6.6.6, 10.0.0.3, 10.0.0.2", "10.0.0.0/8", "6.6.6.6"],
    ["192.0.2.1", "198.51.100.7", "10.0.0.0/8", "192.0.2.1"],
    ["10.0.0.1", "198.51.100.7, garbage", "10.0.0.0/8", "10.0.0.1"],
    ["10.0.0.1", "[2001:db8::1]:443", "1", "2001:db8::1"],
  ])("with peer %s and %j is, trusting %j, %s", (peer, said, trusted, expected) => {
    expect(of(peer, said, trusted)).toBe(expected);
  });

  it("is not known where the runtime knows no peer, whatever a header says", () => {
    expect(of(undefined, "198.51.100.7", "1")).toBeUndefined();
  });

  it.each(["17", "-1", "proxy", "10.0.0.0/33", "1 2"])("does not take the setting %j", (text) => {
    expect(() => toTrustedProxies(text)).toThrow(RangeError);
  });
});
