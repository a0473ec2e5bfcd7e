import { parseAddress } from "@cadastre/net/address";
import { describe, expect, it } from "vitest";
import { addressOfHost, blockedAddress, blockedUrl, OutsideError } from "./outside.ts";

const INTERNET = { loopback: false };
const LAPTOP = { loopback: true };

const METADATA = "is an address of a cloud's metadata";
const MACHINE = "is an address of the service's own machine";
const INSIDE = "is no address of the internet";

describe("an address that the service is told to ask at", () => {
  it.each<[string, string | undefined]>([
    ["192.0.43.8", undefined],
    ["2606:4700::1", undefined],
    ["169.254.169.254", METADATA],
    ["::ffff:a9fe:a9fe", METADATA],
    ["fd00:ec2::254", METADATA],
    ["127.0.0.1", MACHINE],
    ["127.9.9.9", MACHINE],
    ["::1", MACHINE],
    ["::ffff:7f00:1", MACHINE],
    ["10.1.2.3", INSIDE],
    ["172.16.0.1", INSIDE],
    ["192.168.0.1", INSIDE],
    ["::ffff:a01:203", INSIDE],
    ["fd00::1", INSIDE],
    ["169.254.1.1", INSIDE],
    ["fe80::1", INSIDE],
    ["100.64.0.1", INSIDE],
    ["224.0.0.1", INSIDE],
    ["ff02::1", INSIDE],
    ["0.0.0.0", INSIDE],
    ["::", INSIDE],
  ])("%s is refused where it is inside: %s", (text, reason) => {
    const address = parseAddress(text);
    expect(blockedAddress(address, INTERNET)).toBe(reason);
    expect(blockedAddress(address, LAPTOP)).toBe(reason === MACHINE ? undefined : reason);
  });
});

describe("a URL that the service is told to ask", () => {
  const of = (text: string, reach = INTERNET) => blockedUrl(new URL(text), reach);

  it.each<[string, string | undefined]>([
    ["https://example.org/x", undefined],
    ["https://localhost.example.org", undefined],
    ["https://192.0.43.8:8443/", undefined],
    ["https://[2606:4700::1]/", undefined],
    ["http://example.org", "is not one of HTTPS"],
    ["http://192.0.43.8", "is not one of HTTPS"],
    ["http://localhost", "is not one of HTTPS"],
    ["http://127.0.0.1", "is not one of HTTPS"],
    ["ftp://example.org", "is not one of HTTPS"],
    ["file:///etc/passwd", "is not one of HTTPS"],
    ["https://user@example.org", "has a user in it"],
    ["https://:secret@example.org", "has a user in it"],
    ["https://user:secret@example.org", "has a user in it"],
    ["https://localhost/", "is a name of the service's own machine"],
    ["https://LOCALHOST:8443/", "is a name of the service's own machine"],
    ["https://127.0.0.1", MACHINE],
    ["https://2130706433", MACHINE],
    ["https://0x7f.1", MACHINE],
    ["https://[::1]", MACHINE],
    ["https://[::ffff:127.0.0.1]", MACHINE],
    ["https://10.0.0.1", INSIDE],
    ["https://169.254.169.254/latest", METADATA],
  ])("%s is refused as far as it tells by itself: %s", (text, reason) => {
    expect(of(text)).toBe(reason);
  });

  it("may be of this machine on a laptop, over plain HTTP, too, and nothing else may", () => {
    for (const text of [
      "http://localhost:1",
      "http://127.0.0.1:1",
      "http://[::1]:1",
      "https://localhost",
      "https://127.0.0.1",
    ])
      expect(of(text, LAPTOP), text).toBeUndefined();
    for (const text of [
      "http://example.org",
      "http://10.0.0.1",
      "http://192.0.43.8",
      "ftp://localhost",
      "ftp://127.0.0.1",
    ])
      expect(of(text, LAPTOP), text).toBe("is not one of HTTPS");
    expect(of("https://10.0.0.1", LAPTOP)).toBe(INSIDE);
    expect(of("http://user@localhost", LAPTOP)).toBe("has a user in it");
  });

  it("has an address where its host is one, without brackets", () => {
    expect(addressOfHost("192.0.2.1")).toEqual(parseAddress("192.0.2.1"));
    expect(addressOfHost("[2001:db8::1]")).toEqual(parseAddress("2001:db8::1"));
    for (const name of ["example.org", "x[::1]", "[::1]x", "[::1", ""])
      expect(addressOfHost(name), name).toBeUndefined();
  });

  it("that is not asked, or did not answer, is named by its host with the reason, and no more of it", () => {
    const error = new OutsideError("example.org", "did not answer", { cause: 1 });
    expect(error).toMatchObject({ name: "OutsideError", message: "example.org: did not answer", cause: 1 });
  });
});
