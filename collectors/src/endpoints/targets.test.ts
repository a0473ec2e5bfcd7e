import { describe, expect, test } from "vitest";
import { parseTarget, parseTargetFile, parseTargets, TargetError } from "./targets.ts";

describe("a target", () => {
  test.each([
    ["www.example.com", "tls://www.example.com:443", "www.example.com", 443],
    ["WWW.Example.com.:8443", "tls://www.example.com:8443", "www.example.com", 8443],
    ["192.0.2.7", "tls://192.0.2.7:443", "192.0.2.7", 443],
    ["192.0.2.7:636", "tls://192.0.2.7:636", "192.0.2.7", 636],
    ["[2001:DB8::1]", "tls://[2001:db8::1]:443", "2001:db8::1", 443],
    ["[2001:db8:0::1]:465", "tls://[2001:db8::1]:465", "2001:db8::1", 465],
    ["bücher.example:443", "tls://xn--bcher-kva.example:443", "xn--bcher-kva.example", 443],
  ])("%s is read in its normal form", (text, id, host, port) => {
    expect(parseTarget(text)).toMatchObject({ id, host, port, sni: undefined });
  });

  test("another name to ask for is part of its identity", () => {
    expect(parseTarget("192.0.2.7:443?sni=Shop.example")).toMatchObject({
      id: "tls://192.0.2.7:443?sni=shop.example",
      host: "192.0.2.7",
      sni: "shop.example",
    });
    expect(parseTarget("[2001:db8::1]?sni=shop.example").id).toBe("tls://[2001:db8::1]:443?sni=shop.example");
  });

  test("asking for the host's own name is no other target", () => {
    expect(parseTarget("shop.example?sni=shop.example")).toEqual(parseTarget("shop.example:443"));
  });

  test.each([
    ["", "is empty"],
    ["shop.example:0", "port that is not a decimal number from 1 to 65535"],
    ["shop.example:https", "port that is not"],
    ["2001:db8::1", "without brackets"],
    ["https://shop.example", "port that is not"],
    ["shop.example?name=x", "only ?sni=name is known"],
    ["shop.example?sni=", "is empty"],
    ["shop.example?sni=10.0.0.1", "ends in a number"],
    ["shop .example", "white space"],
    ["[fe80::1%eth0]:443", "does not hold a valid address"],
  ])("%j is refused with the reason", (text, reason) => {
    expect(() => parseTarget(text)).toThrow(TargetError);
    expect(() => parseTarget(text)).toThrow(reason);
  });
});

describe("a file of targets", () => {
  test("has one target a line, comments, and any kind of line end", () => {
    const text = "\uFEFF# shops\r\nshop.example\r\n\n  shop.example:8443 # the new one\nshop.example:443\n";
    expect(parseTargetFile(text).map((target) => target.id)).toEqual([
      "tls://shop.example:443",
      "tls://shop.example:8443",
    ]);
  });

  test("is refused whole, with the number and the reason of every bad line", () => {
    const read = () => parseTargetFile("shop.example\n# fine\nshop.example:99999\nother.example\n-x.example\n");
    expect(read).toThrow(/^line 3: .*port.*\nline 5: .*hyphen/);
  });
});

test("a list names the place of every bad target", () => {
  expect(() => parseTargets(["shop.example", "a..b", "c"])).toThrow(/^target 2: .*empty label/);
});
