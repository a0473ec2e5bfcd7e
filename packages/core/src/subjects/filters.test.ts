import { describe, expect, it } from "vitest";
import { parseSearch } from "./filters.ts";
import { globMatches } from "./glob.ts";

describe("a search text", () => {
  it.each([
    ["", {}],
    ["kind:instance tag:env=prod", { kind: "instance", tags: [{ key: "env", value: "prod" }] }],
    ["tag:env", { tags: [{ key: "env" }] }],
    ['tag:owner="Team A" web', { tags: [{ key: "owner", value: "Team A" }], words: ["web"] }],
    ["tag:k=a=b", { tags: [{ key: "k", value: "a=b" }] }],
    ['name:"my name*"', { name: "my name*" }],
    ['"two words"', { words: ["two words"] }],
    ["10.1.2.5", { ip: "10.1.2.5" }],
    ["2001:db8::1", { ip: "2001:db8::1" }],
    ["abcd::1", { ip: "abcd::1" }],
    ["10.0.0.0/8 provider:aws", { cidr: "10.0.0.0/8", provider: "aws" }],
    ["arn:aws:ec2:us-east-1:1:vpc/vpc-1", { words: ["arn:aws:ec2:us-east-1:1:vpc/vpc-1"] }],
    ["//compute.googleapis.com/projects/p", { words: ["//compute.googleapis.com/projects/p"] }],
    ["expires:<2026-12-31", { expiresBefore: "2026-12-31T00:00:00.000Z" }],
    ["expires:<=2026-12-31T12:00:00Z", { expiresBefore: "2026-12-31T12:00:00.000Z" }],
    ["type:resource account:1 network:vpc-1", { type: "resource", account: "1", network: "vpc-1" }],
    ['owner:"Team A" status:any', { owner: "Team A", status: "any" }],
    ["provider:gcp status:active", { provider: "gcp", status: "active" }],
    ["ip:10.1.2.5 cidr:10.1.2.6", { ip: "10.1.2.5", cidr: "10.1.2.6" }],
    ["web-kind:x-1", { words: ["web-kind:x-1"] }],
    ["https://a http://b tls://c sha256:d", { words: ["https://a", "http://b", "tls://c", "sha256:d"] }],
    [
      "tag:=x tag:k=",
      {
        tags: [
          { key: "", value: "x" },
          { key: "k", value: "" },
        ],
      },
    ],
    ["web/1", { words: ["web/1"] }],
    [`${"x".repeat(995)}     `, { words: ["x".repeat(995)] }],
    ["  status:retired   region:us-east-1 ", { status: "retired", region: "us-east-1" }],
  ])("is read: %s", (q, filters) => {
    expect(parseSearch(q)).toEqual({ tags: [], words: [], ...filters });
  });

  it.each([
    ["kind:vm", "kind is one of network, subnet"],
    ["type:thing", "type is one of resource"],
    ["provider:azure", "provider is one of aws, gcp"],
    ["status:gone", "status is one of active, retired, any"],
    [`kind:${"x".repeat(200)}`, `kind:${"x".repeat(80)} — `],
    [`ip:${"1".repeat(200)}`, `ip:${"1".repeat(80)} — `],
    [`expires:${"x".repeat(200)}`, `expires:${"x".repeat(80)} — `],
    ["xarn:a", "xarn: is not a qualifier; use type, kind, provider"],
    ["httpsx:a", "httpsx: is not a qualifier"],
    ["expires:2026-12-31x", "a day such as 2026-12-31"],
    ["expires:x2026-12-31", "a day such as 2026-12-31"],
    ["expires:2026-12-32", "a day such as 2026-12-31"],
    ["expires:2026-12-31<", "a day such as 2026-12-31"],
    ["ip:10.1.2.5 10.1.2.6", "ip is given twice"],
    ["colour:blue", "colour: is not a qualifier; use type"],
    ["ip:10.1.2", "ip:10.1.2"],
    ["cidr:10.0.0.1/8", "10.0.0.0/8"],
    ['"open', "at character 1: a quote is not closed"],
    ['web tag:k="open', "a quote is not closed"],
    ['name:""', "name: has an empty value"],
    ["kind:instance kind:subnet", "kind is given twice"],
    ["region:", "region: has no value"],
    ["web -kind:subnet", "-kind: what must not match cannot be asked for"],
    ["expires:tomorrow", "a day such as 2026-12-31"],
    ["x".repeat(1001), "at most 1000"],
  ])("is refused with what is wrong and what is allowed: %s", (q, message) => {
    expect(() => parseSearch(q)).toThrow(
      expect.objectContaining({
        code: "query.invalid",
        message: expect.stringContaining(message),
        errors: [{ path: "q", message: expect.stringContaining(message) }],
      }),
    );
  });

  it("of any characters is read or refused in time that grows with its length alone", () => {
    for (const hostile of [
      '"'.repeat(999),
      "tag:".repeat(240),
      "a:b".repeat(300),
      `${"*".repeat(900)}x`,
      "\u0000\ud800 ::/ \n\t=".repeat(60),
    ]) {
      try {
        parseSearch(hostile);
      } catch (error) {
        expect(error).toMatchObject({ code: "query.invalid" });
      }
    }
  });
});

describe("a name with stars", () => {
  it.each([
    ["web*", "web-1", true],
    ["WEB*", "web-1", true],
    ["*-1", "web-1", true],
    ["*eb*1", "web-1", true],
    ["web", "web-1", false],
    ["web", "Web", true],
    ["web*", "xweb", false],
    ["*x*", "abc", false],
    ["*a*", "abc", true],
    ["*ab*b", "ab", false],
    ["*ab*b", "abb", true],
    ["a*b*c", "acb", false],
    ["a*a", "a", false],
    ["*", "", true],
    ["a**b", "ab", true],
    ["w*b*1*", "web-1", true],
    ["(a+)+$*", "aaaa", false],
  ])("%s on %s: %s", (glob, name, expected) => {
    expect(globMatches(glob, name)).toBe(expected);
  });
});
