import { parseAddress } from "@cadastre/net/address";
import { describe, expect, it } from "vitest";
import { type Asked, conjuncts } from "../subjects/query.ts";
import { type ListParameters, toQuery } from "./list-query.ts";

const NOW = new Date("2026-11-30T12:00:00Z");
const of = (given: ListParameters) => toQuery(given, NOW);
const asked = (given: ListParameters): Asked[] =>
  conjuncts(of(given).tree).map((node) => {
    if (node.type !== "term") throw new Error(`no term but ${node.type}`);
    const { type: _, at: __, ...rest } = node;
    return rest as Asked;
  });
const exact = (text: string) => ({ pieces: [text], exact: true });
const folded = (...pieces: string[]) => ({ pieces, exact: false });

describe("the parameters of a list", () => {
  it.each<[ListParameters, object]>([
    [{ kind: "subnet" }, { field: "kind", any: ["subnet"] }],
    [{ provider: "aws" }, { field: "provider", any: ["aws"] }],
    [{ account: "My-Project" }, { field: "account", any: [exact("My-Project")] }],
    [{ account: "" }, { field: "account", any: [exact("")] }],
    [{ region: "us-*" }, { field: "region", any: [exact("us-*")] }],
    [{ region: "" }, { field: "region", any: [exact("")] }],
    [{ network: "vpc-1" }, { field: "network", any: [exact("vpc-1")] }],
    [{ status: "retired" }, { field: "status", any: ["retired"] }],
    [{ status: "any" }, { field: "status", any: ["active", "retired"] }],
    [{ name: "Web-*" }, { field: "name", any: [folded("web-", "")] }],
    [{ owner: "Net*" }, { field: "owner", any: [folded("net*")] }],
    [{ confirmed: false }, { field: "confirmed", any: [false] }],
    [{ tag: ["Env"] }, { field: "tag", key: exact("Env") }],
    [{ tag: ["Env=a=B*"] }, { field: "tag", key: exact("Env"), any: [exact("a=B*")] }],
    [{ tag: ["env="] }, { field: "tag", key: exact("env"), any: [exact("")] }],
    [{ ip: "10.1.2.5" }, { field: "address", any: [{ has: parseAddress("10.1.2.5") }] }],
    [{ expiresBefore: "2026-12-31" }, { field: "expires", span: { before: Date.parse("2026-12-31") } }],
    [
      { expiresBefore: "2026-12-31T08:00:00Z" },
      { field: "expires", span: { before: Date.parse("2026-12-31T08:00:00Z") } },
    ],
  ])("%j are what a search asks for", (given, expected) => {
    expect(asked(given)).toEqual([expect.objectContaining(expected)]);
  });

  it("must all hold, each tag, too, and the search text beside them", () => {
    const given: ListParameters = { kind: "subnet", region: "us-east-1", tag: ["a", "b=c"], q: "web owner:net" };
    expect(asked(given).map(({ field }) => field)).toEqual(["words", "owner", "kind", "region", "tag", "tag"]);
  });

  it("are those of the search alone where there are none, and it has its text, its order and them", () => {
    expect(of({ q: "web OR db" })).toMatchObject({ text: "web OR db", parameters: {}, tree: { type: "or" } });
    expect(of({})).toMatchObject({ text: "", tree: { type: "and", parts: [] } });
    expect(of({ q: "web sort:-name", kind: "subnet" })).toMatchObject({
      text: "web sort:-name",
      parameters: { kind: "subnet" },
      sort: { field: "name", descending: true },
    });
    expect(of({ q: "web", kind: "subnet" }).parameters).toEqual({ kind: "subnet" });
  });

  it("are of the stretch that is given: an address has one end, a CIDR all of it", () => {
    const [cidr] = asked({ cidr: "10.1.2.0/24" });
    const [ip] = asked({ ip: "10.1.2.0" });
    expect(cidr).not.toEqual(ip);
    expect(asked({ q: "cidr:10.1.2.0/24" })).toMatchObject([cidr as object]);
  });
});

describe("a list is refused with the parameter and what is meant", () => {
  it.each<[ListParameters, string, string]>([
    [{ network: "" }, "network", "is empty; what has none is found by the search -has:network"],
    [{ name: "" }, "name", "-has:name"],
    [{ owner: "" }, "owner", "-has:owner"],
    [{ tag: ["a", "=b"] }, "tag", "key=value, or key for any value"],
    [{ ip: "10.1.2.256" }, "ip", "above 255"],
    [{ cidr: "10.1.2.5/24" }, "cidr", "10.1.2.0/24"],
    [{ expiresBefore: "60d" }, "expiresBefore", "a day such as 2026-12-31, or a time such as 2026-12-31T08:00:00Z"],
    [{ expiresBefore: "2026-02-30" }, "expiresBefore", "a day such as"],
    [{ expiresBefore: "x2026-02-20" }, "expiresBefore", "a day such as"],
    [{ kind: "subnet", q: "kind:vpc" }, "kind", "kind is also in q"],
    [{ ip: "10.1.2.5", q: "web ip:10.1.2.6" }, "ip", "ip is also in q"],
    [{ kind: "subnet", expiresBefore: "2026-12-31", q: "expires:<60d" }, "expiresBefore", "is also in q"],
  ])("%j", (given, path, message) => {
    expect(() => of(given)).toThrow(
      expect.objectContaining({
        code: "query.invalid",
        message: expect.stringContaining(`${path}: `),
        errors: [{ path, message: expect.stringContaining(message) }],
      }),
    );
  });

  it.each<[keyof ListParameters, ListParameters, string]>([
    ["provider", { provider: "aws" }, "provider:gcp"],
    ["account", { account: "1" }, "account:2"],
    ["region", { region: "a" }, "region:b"],
    ["network", { network: "vpc-1" }, "network:vpc-2"],
    ["status", { status: "any" }, "status:retired"],
    ["name", { name: "a" }, "name:b"],
    ["cidr", { cidr: "10.0.0.0/8" }, "ip:10.1.2.5"],
    ["owner", { owner: "a" }, "owner:b"],
    ["confirmed", { confirmed: true }, "confirmed:false"],
  ])("%s that is in the search, too", (path, given, q) => {
    expect(() => of({ ...given, q })).toThrow(
      expect.objectContaining({ errors: [{ path, message: `${path} is also in q` }] }),
    );
  });

  it("but not for a tag that is in the search, too, or for what is in a part of it that need not hold", () => {
    expect(asked({ tag: ["a"], q: "tag:b" })).toHaveLength(2);
    expect(conjuncts(of({ kind: "subnet", q: "-kind:vpc" }).tree)).toHaveLength(2);
  });
});
