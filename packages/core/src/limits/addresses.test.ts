import { describe, expect, it } from "vitest";
import { addressesBeyond, isAllowedAddress, requireAddress, requireNoLockout, toAddressList } from "./address-list.ts";
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
    expect(toAddressList(["::ffff:0:0/96"], "addresses")).toEqual(["0.0.0.0/0"]);
    expect(toAddressList([" 10.0.0.0/8 "], "addresses")).toEqual(["10.0.0.0/8"]);
    expect(toAddressList([], "addresses")).toEqual([]);
  });

  it("says of each entry that is none why, and is nothing but refused then", () => {
    const message = (at: number, text: string) => ({
      path: `list[${at}]`,
      message: expect.stringMatching(`^must be an address or a prefix such as 10.0.0.0/8: .*${text}`),
    });
    expect(() => toAddressList(["here", "10.0.0.0/8", "there"], "list")).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/^list\[0\]: must be an address/),
        errors: [message(0, "here"), message(2, "there")],
      }),
    );
    expect(() => toAddressList([undefined as unknown as string], "list")).toThrow(TypeError);
  });

  it("has what is in no other one", () => {
    expect(addressesBeyond(["10.0.0.0/8", "::/0"], ["10.0.0.0/9", "::/0"])).toEqual(["10.128.0.0/9"]);
    expect(addressesBeyond(["10.0.0.0/9"], ["10.0.0.0/8"])).toEqual([]);
  });

  it("refuses who is not in it, and nobody where there is none", () => {
    expect(() => requireAddress("10.0.0.1", undefined)).not.toThrow();
    expect(() => requireAddress("10.0.0.1", { allow: ["10.0.0.0/8"] })).not.toThrow();
    for (const address of ["11.0.0.1", undefined])
      expect(() => requireAddress(address, { allow: ["10.0.0.0/8"] })).toThrow(
        expect.objectContaining({ code: "auth.address" }),
      );
  });

  it("is not set by whom it would not let in, who could not take it back", () => {
    const set = (address: string | undefined, lists: Parameters<typeof requireNoLockout>[1]) => () =>
      requireNoLockout(address, lists, "addresses");
    expect(set("10.0.0.1", undefined)).not.toThrow();
    expect(set(undefined, {})).not.toThrow();
    expect(set("10.0.0.1", { allow: ["10.0.0.0/8"], deny: ["10.1.0.0/16"] })).not.toThrow();
    const message = "does not let in the address that you call from, 10.0.0.1";
    const refused = {
      code: "request.invalid",
      message: `addresses: ${message}`,
      errors: [{ path: "addresses", message }],
    };
    for (const lists of [
      { allow: ["11.0.0.0/8"] },
      { deny: ["10.0.0.1"] },
      { allow: ["10.0.0.0/8"], deny: ["10.0.0.0/24"] },
    ])
      expect(set("10.0.0.1", lists)).toThrow(expect.objectContaining(refused));
    expect(set(undefined, { deny: ["10.0.0.0/8"] })).toThrow(/call from$/);
    const at = (path: string) => expect.objectContaining({ errors: [expect.objectContaining({ path })] });
    expect(set("10.0.0.1", { allow: ["here"] })).toThrow(at("addresses.allow[0]"));
    expect(set("10.0.0.1", { deny: ["here"] })).toThrow(at("addresses.deny[0]"));
  });

  it.each([
    ["10.2.0.11:5000", "10.2.0.11"],
    ["10.2.30.1", "10.2.30.1"],
    ["::ffff:10.2.30.11", "10.2.30.11"],
    ["[2001:db8::1]", "2001:db8::/64"],
    ["[2001:db8::1]:443", "2001:db8::/64"],
    ["fe80::1%en-0.1_a", "fe80::/64"],
    ["x::ffff:10.2.0.1", "unknown"],
    ["::ffff:10.2.0.1x", "unknown"],
    ["::ffff:10.2.0.256", "unknown"],
    ["::ffff:10.2.0.1.1", "unknown"],
    ["x[2001:db8::1]:443", "unknown"],
    ["[2001:db8::1]:443x", "unknown"],
    ["[2001:db8::1]x", "unknown"],
    ["[2001:db8::1]:123456", "unknown"],
    ["x10.2.0.1:5000", "unknown"],
    ["10.2.0.1:5000x", "unknown"],
    ["10.2.0.1:123456", "unknown"],
    ["fe80%e::1", "unknown"],
    ["fe80::1%", "unknown"],
  ])("is asked of %s as sockets and gateways write it: %s", (text, source) => {
    expect(sourceOf(text)).toBe(source);
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
    expect(isAllowedAddress(undefined, { deny: [] })).toBe(true);
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

  it("trusts at most sixteen proxies, or prefixes", () => {
    expect(toTrustedProxies(" 16 ")).toEqual({ count: 16 });
    expect(toTrustedProxies("007")).toEqual({ count: 7 });
    expect(() => toTrustedProxies("17")).toThrow("at most 16 proxies");
    expect(() => toTrustedProxies("proxy")).toThrow(
      /^a number of proxies, or prefixes such as 10\.0\.0\.0\/8,192\.0\.2\.7: .*proxy/,
    );
    expect(toTrustedProxies("10.0.0.0/8, ,192.0.2.7,")).toMatchObject({ prefixes: [{ length: 8 }, { length: 32 }] });
  });
});
