import { describe, expect, it } from "vitest";
import { parseSearch, toSort } from "./parse-search.ts";
import { conjuncts, type Node, termsOf } from "./query.ts";

const NOW = new Date("2026-11-30T12:00:00Z");
const of = (q: string) => parseSearch(q, NOW);
const iso = (time: number | undefined) => (time === undefined ? undefined : new Date(time).toISOString());

/** A tree in short: its fields and how they are joined. */
function outline(node: Node): string {
  if (node.type === "term") return node.field;
  if (node.type === "not") return `not ${outline(node.part)}`;
  return `(${node.parts.map(outline).join(node.type === "and" ? " " : " | ")})`;
}

describe("a search text", () => {
  it.each([
    ["", "()"],
    ["kind:vm,vpc env=prod", "(kind tag)"],
    ["a OR b c", "(words | (words words))"],
    ["-(a OR kind:vpc)", "not (words | kind)"],
    ["10.1.2.5 web", "(address words)"],
    ["10.1.2", "(address | words)"],
    ["10.1.2.", "address"],
    ["ip:10.1", "address"],
    ["2001:db8:*", "address"],
    ["abcd::1", "address"],
    ["0a-1b-2c-3d-4e-5f", "mac"],
    ["0a1b.2c3d.4e5f", "mac"],
    ["account:aws/123456789012", "(provider account)"],
    ["project:acme-*", "(provider account)"],
    ["-project:acme,other", "not ((provider account) | (provider account))"],
    ["10.1.2.0/255.255.255.0", "address"],
    ["10.1.2.0/0.0.0.255", "address"],
    ["provider:Amazon kind:Elastic-IP instance_type:t3.*", "(provider kind type)"],
    ["order:name", "()"],
    ["R&D", "words"],
    ["arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1", "named"],
    ["SHA256:AB", "idBeginning"],
    [`${"ab:".repeat(31)}ab`, "named"],
    ["arn:aws:ec2:*:vpc/*", "id"],
    ["vpc:vpc-1", "network"],
    ["aws:cloudformation:stack-name=web", "tag"],
    ["tag:env=a,b", "tag"],
    ["tag:env=a,team=b", "(tag | tag)"],
    ["www.example.com:443", "words"],
    ["or", "words"],
    ['"kind:vm"', "words"],
    ["type:t3.large", "type"],
    ["type:account", "subject"],
    ["web sort:-name", "words"],
    ["kind:vpc OR kind:subnet sort:name", "(kind | kind)"],
  ])("%s is understood as %s", (q, expected) => {
    expect(outline(of(q).tree)).toBe(expected);
  });

  it.each([
    ["web kind:vmm", 9, "did you mean instance?"],
    ["kind:elastic_ips", 5, "did you mean address?"],
    ["provider:amazn", 9, "did you mean aws?"],
    ["kind:", 0, "has no value"],
    ["kind:vm, vpc", 7, "a list has an empty part"],
    ["colour:blue", 0, "is not a qualifier"],
    ["is:expired", 0, "expires:<now"],
    ["knid:vm", 0, "did you mean kind:?"],
    ["project:acme provider:aws", 13, "nothing is both"],
    ["project:", 0, "has no value"],
    ["no:owner", 0, "-has:owner"],
    ["zone:us-central1-a", 0, "region:us-central1*"],
    ["host:web-1", 0, "write web-1 alone"],
    ["vm:web-1", 0, "kind:vm web-1"],
    ["env:prod", 0, "tag:env=prod"],
    ["s3:bucket", 0, "is not a qualifier"],
    ["limit:5", 0, "no part of the search"],
    ["has:env", 4, "tag:env"],
    ["has:tag:env", 4, "tag:env"],
    ["expires:none", 8, "-has:expires"],
    ["ip:none", 3, "-has:ip"],
    ["mac:unknown", 4, "-has:mac"],
    ["expires<60d", 0, "expires:<60d"],
    ["changed>=2026-11-20", 0, "changed:>=2026-11-20"],
    ["port>1000", 0, "write port:1000"],
    ["owner~web", 0, "owner:*web*"],
    ["kind!=vm", 0, "-kind:vm"],
    ["kind :vm", 5, "kind:vm"],
    [":443", 0, "port:443"],
    ["*:443", 0, "port:443"],
    ["web|db", 0, "web,db"],
    ["10.1.2.0/255.0.255.0", 0, "is no mask"],
    ["10.1.2.5/255.255.255.0", 0, "10.1.2.0/24"],
    ["10.1.2.0 255.255.255.0", 9, "10.1.2.0/24"],
    ["10.1.2.5 - 10.1.2.9", 9, "10.1.2.5-10.1.2.9"],
    ["expires:<60", 8, "60d for days"],
    ["expires:31.12.2026", 8, "2026-12-31"],
    ["expires:2026/12/31", 8, "2026-12-31"],
    ["expires:12/31/2026", 8, "year-month-day"],
    ["changed:last-week", 8, "<7d"],
    ["changed:since friday", 8, ">2026-11-20"],
    ["(web", 0, "is not closed"],
    ["web)", 3, "no group is open"],
    ["()", 0, "nothing in the group"],
    ["a OR", 2, "missing at the end"],
    ["OR a", 0, "in quotes"],
    ['web "open', 4, "a quote is not closed"],
    ["- web", 0, "right before"],
    ["web or db", 4, "OR, in capitals"],
    ["!kind:vm", 0, "-kind:vm"],
    ["web-?", 0, "no wildcard"],
    ["/web.*/", 0, "regular expressions"],
    ["“web”", 0, "straight ones"],
    ["arn:aws:ec2:…384db", 0, "shortened"],
    [".example.com", 0, "write example.com"],
    ["res_0123", 0, "32 hexadecimal digits"],
    ["10.1.2.5/24", 0, "10.1.2.0/24"],
    ["10.1.2.256", 0, "above 255"],
    ["10.*.1.1", 0, "only the end may be open"],
    ["10.1.2.9-10.1.2.5", 0, "greater than the last"],
    ["10.1.2.5:99999", 0, "from 1 to 65535"],
    ["10.1.2.5 10.1.2.6", 9, "10.1.2.5,10.1.2.6"],
    ["kind:vpc kind:subnet", 9, "nothing is both"],
    ["kind:vpc image:ami-1", 9, "only instance can match"],
    ["kind=vm", 0, "kind:vm"],
    ["tag:env:prod", 4, "tag:env=prod"],
    ["tag:env!=prod", 4, "-tag:env"],
    ["expires:60d", 8, "<60d"],
    ["expires:soon", 8, "a day such as"],
    ["expires:2026-02-30", 8, "a day such as"],
    ["expires:2026-12-31..2026-12-01", 8, "ends before it begins"],
    ["account:<5", 8, "is compared as text"],
    ["status:running", 7, "state:running"],
    ["state:retired", 6, "status:retired"],
    ["type:vm", 5, "kind:vm"],
    ["mac:zz", 4, "12 hexadecimal digits"],
    ['owner:""', 6, "-has:owner"],
    ["has:onwer", 4, "did you mean owner?"],
    ["sort:size", 0, "sort is by one of"],
    ["-(web sort:name)", 6, "not in a group"],
    ["sort:name sort:kind", 10, "given twice"],
    ["kind:(vm", 0, "a group stands apart"],
    ["\ud800", 0, "surrogate"],
    ["x".repeat(1001), 0, "at most 1000"],
    ["a ".repeat(61), 0, "at most 60 values"],
    [`${"(".repeat(40)}a${")".repeat(40)}`, 31, "nested deeper"],
  ])("is refused at its place, with what is meant: %s", (q, from, message) => {
    expect(() => of(q)).toThrow(
      expect.objectContaining({
        code: "query.invalid",
        message: expect.stringContaining(message),
        span: expect.objectContaining({ from }),
      }),
    );
  });

  it.each([
    ["expires:<60d", undefined, "2027-01-29T12:00:00.000Z"],
    ["expires:>60d", "2027-01-29T12:00:00.000Z", undefined],
    ["changed:<7d", "2026-11-23T12:00:00.000Z", undefined],
    ["seen:>1d", undefined, "2026-11-29T12:00:00.000Z"],
    ["changed:>2026-11-20", "2026-11-21T00:00:00.000Z", undefined],
    ["changed:>=2026-11-20", "2026-11-20T00:00:00.000Z", undefined],
    ["changed:<=2026-11-20", undefined, "2026-11-21T00:00:00.000Z"],
    ["expires:<2026-12-31T08:00:00Z", undefined, "2026-12-31T08:00:00.000Z"],
    ["expires:2026-12-01..2026-12-31", "2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"],
    ["expires:2026-12", "2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"],
    ["expires:2026-12-01..", "2026-12-01T00:00:00.000Z", undefined],
    ["expires:30d..60d", "2026-12-30T12:00:00.000Z", "2027-01-29T12:00:00.000Z"],
    ["changed:1d..7d", "2026-11-23T12:00:00.000Z", "2026-11-29T12:00:00.000Z"],
    ["changed:>-7d", "2026-11-23T12:00:00.001Z", undefined],
    ["created:today", "2026-11-30T00:00:00.000Z", "2026-12-01T00:00:00.000Z"],
    ["expires:<now", undefined, "2026-11-30T12:00:00.000Z"],
  ])("%s is from %s until before %s", (q, from, before) => {
    const [term] = termsOf(of(q).tree);
    if (term === undefined || !("span" in term)) throw new Error("no time is asked for");
    expect([iso(term.span.from), iso(term.span.before)]).toEqual([from, before]);
  });

  it("lets two addresses hold together where AND stands between them", () => {
    expect(conjuncts(of("10.1.2.5 AND 10.1.2.6").tree)).toHaveLength(2);
  });

  it("does not take two addresses of a group for a slip where OR or AND stands between them, and else does", () => {
    expect(outline(of("10.1.2.5 OR 10.1.2.6").tree)).toBe("(address | address)");
    expect(outline(of("web (10.1.2.5 AND 10.1.2.6)").tree)).toBe("(words (address address))");
    expect(() => of("web OR (10.1.2.5 10.1.2.6)")).toThrow("10.1.2.5,10.1.2.6");
  });
});

describe("how a search is sorted", () => {
  it.each([
    ["sort:name", { field: "name", descending: false, at: { from: 0, to: 9 } }],
    ["web sort:-Expires", { field: "expires", descending: true, at: { from: 4, to: 17 } }],
    ["a OR b sort:name", { field: "name", descending: false, at: { from: 7, to: 16 } }],
    ["web", undefined],
  ])("%s", (q, sort) => {
    expect(of(q).sort).toEqual(sort);
  });

  it.each([
    ["a OR b sort:name", "(words | words)"],
    ["a OR b c sort:name", "(words | (words words))"],
    ["a OR b OR kind:vm sort:name", "(words | words | kind)"],
    ["sort:name web", "words"],
  ])("is no part of what is looked for: %s asks for %s", (q, tree) => {
    expect(outline(of(q).tree)).toBe(tree);
  });

  it.each([
    ["sort:nam", "; did you mean sort:name?"],
    ["sort:name:asc", "; did you mean sort:name?"],
    ["sort:name-desc", "; did you mean sort:-name?"],
    ["sort:zzzzzz", "sort is by one of name, "],
    ['sort:"name"', "sort is by one of"],
    ["sort:name,kind", "sort is by one of"],
    ["a OR sort:name", "not in a group or behind a minus"],
    ["a OR sort:name sort:kind", "not in a group or behind a minus"],
    ["-sort:name", "not in a group or behind a minus"],
  ])("is refused: %s", (q, message) => {
    expect(() => of(q)).toThrow(message);
  });

  it("has no hint where nothing is meant", () => {
    expect(() => of("sort:zzzzzz")).toThrow(/greatest first$/);
  });

  it("is what a parameter says, too", () => {
    expect([toSort("name"), toSort("-expires")]).toEqual([
      { field: "name", descending: false },
      { field: "expires", descending: true },
    ]);
    for (const other of ["", "-", "size", "na-me", "name-", "--name"]) expect(toSort(other), other).toBeUndefined();
  });
});
