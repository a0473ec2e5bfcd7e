import { formatAddress } from "@cadastre/net/address";
import { formatPrefix } from "@cadastre/net/prefix";
import { describe, expect, it } from "vitest";
import type { AskedAddress } from "./asked-address.ts";
import { QueryError } from "./language/query-error.ts";
import { parseSearch } from "./parse-search.ts";
import type { Pattern } from "./pattern.ts";
import type { Node } from "./query.ts";

const NOW = new Date("2026-11-30T12:00:00Z");

const written = ({ pieces, exact }: Pattern) => (exact ? `'${pieces.join("*")}'` : pieces.join("*"));
function address(asked: AskedAddress): string {
  if ("has" in asked) return `${formatAddress(asked.has)}${asked.port === undefined ? "" : ` port ${asked.port}`}`;
  if ("around" in asked) return formatPrefix(asked.around);
  const { family, first, last } = asked.inside;
  return [first, last].map((value) => formatAddress({ family, value })).join("-");
}

/** What a word asks for in short: fields with their values, exact ones in quotes. */
function outline(node: Node): string {
  if (node.type === "not") return `not ${outline(node.part)}`;
  if (node.type !== "term") return `(${node.parts.map(outline).join(node.type === "and" ? " " : " | ")})`;
  switch (node.field) {
    case "named":
      return `named ${node.id}`;
    case "idBeginning":
      return `beginning ${node.beginning}`;
    case "address":
      return `address ${node.any.map(address).join(",")}`;
    case "tag":
      return `tag ${written(node.key)}=${(node.any ?? []).map(written).join(",")}`;
    case "words":
    case "mac":
    case "id":
      return `${node.field} ${node.any.map(written).join(",")}`;
    default:
      return node.field;
  }
}
const short = (q: string) => outline(parseSearch(q, NOW).tree);

/** Why a text is refused, with the part that is meant: `or: either of …`. */
function refusal(q: string): string {
  try {
    return `not refused: ${short(q)}`;
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const { from, to } = error.span;
    return error.message.replace(`at character ${from + 1}, ${q.slice(from, to)}: `, `${q.slice(from, to)} » `);
  }
}

const A64 = "a".repeat(64);
const VPC = "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1";
const SHORT = `res_${"0".repeat(32)}`;

describe("a word that nothing stands before", () => {
  it.each<[string, string]>([
    ["web", "words web"],
    ["Wéb*1", "words web*1"],
    ["a,b", "(words a | words b)"],
    ['"a b"', "words 'a b'"],
    ['"a*"', "words 'a*'"],
    ['a"b"', "words 'ab'"],
    ['" "', "words ' '"],
    ["or", "words or"],
    ["and", "words and"],
    ["not", "words not"],
    ["-or", "not words or"],
    ["(or)", "words or"],
    ["web OR nothing", "(words web | words nothing)"],
    ["android orion ifand", "(words android words orion words ifand)"],
    ['web "or"', "(words web words 'or')"],
    ["web'", "words web'"],
    ['"web…"', "words 'web…'"],
    ["a<b", "words a<b"],
    ["/web", "words /web"],
    ["web/", "words web/"],
    ["a/b/", "words a/b/"],
    ["/", "words /"],
    [".", "words ."],
    ["web.", "words web."],
    ["é?", "words e?"],
    ["a?é", "words a?e"],
    ["a||b", "words a||b"],
    ["|a", "words |a"],
    ["a|", "words a|"],
    ["a|b|c", "words a|b|c"],
    ["a!", "words a!"],
    ["knot", "words knot"],
    ["R&D", "words r&d"],
    ["c++", "words c++"],
    ["res", "words res"],
    ["xres_1", "words xres_1"],
    ["*:a", "words *:a"],
  ])("%s is looked for: %s", (q, expected) => {
    expect(short(q)).toBe(expected);
  });

  it.each<[string, string]>([
    ["web or db", "or » either of two is written OR, in capitals"],
    ["web | db", "| » either of two is written OR, in capitals"],
    ["web || db", "|| » either of two is written OR, in capitals"],
    ["||", "|| » either of two is written OR, in capitals"],
    ["web and db", "and » both of two stand side by side, or with AND between them, in capitals"],
    ["web & db", "& » both of two stand side by side, or with AND between them, in capitals"],
    ["web && db", "&& » both of two stand side by side, or with AND between them, in capitals"],
    ["web + db", "+ » both of two stand side by side, or with AND between them, in capitals"],
    ["web not", "not » what must not match has a minus before it: -kind:subnet"],
    ["!", "! » what must not match has a minus before it: -kind:subnet"],
    ["!web", "!web » what must not match has a minus before it: -web"],
    ["!a!b", "!a!b » what must not match has a minus before it: -a!b"],
    ["'web", `'web » a text with blanks stands in double quotes: "two words"`],
    ["‘web", `‘web » a text with blanks stands in double quotes: "two words"`],
    ["’web", `’web » a text with blanks stands in double quotes: "two words"`],
    ["a“", `a“ » quotes are straight ones: "two words"`],
    ["a”", `a” » quotes are straight ones: "two words"`],
    ["a„", `a„ » quotes are straight ones: "two words"`],
    ["«a", `«a » quotes are straight ones: "two words"`],
    ["a»", `a» » quotes are straight ones: "two words"`],
    ["<60d", "<60d » a comparison stands behind its qualifier: expires:<60d"],
    [">a", ">a » a comparison stands behind its qualifier: expires:<60d"],
    ["=a", "=a » a comparison stands behind its qualifier: expires:<60d"],
    ["~a", "~a » a comparison stands behind its qualifier: expires:<60d"],
    ["^a", "^a » a comparison stands behind its qualifier: expires:<60d"],
    ["/web/", "/web/ » regular expressions are not understood; * stands for any characters"],
    ["/a/b/", "/a/b/ » regular expressions are not understood; * stands for any characters"],
    [".web", ".web » nothing begins with a dot; write web, or name:*.web"],
    [".or", ".or » nothing begins with a dot; write or, or name:*.or"],
    ["or?", "or? » ? is no wildcard; * stands for any characters"],
    ["?", "? » ? is no wildcard; * stands for any characters"],
    ["a-?.b_", "a-?.b_ » ? is no wildcard; * stands for any characters"],
    [":443", ":443 » a port is port:443"],
    [":1", ":1 » a port is port:1"],
    ["*:443", "*:443 » a port is port:443"],
    [":443a", ":443a » a qualifier stands right before its colon: kind:443a"],
    [":123456", ":123456 » a qualifier stands right before its colon: kind:123456"],
    ["a|b", "a|b » either of two is written with a comma, or OR: a,b"],
    ["vpc|nat", "vpc|nat » either of two is written with a comma, or OR: vpc,nat"],
    ["res_1", "res_1 » a short id is res_ and 32 hexadecimal digits, all of them"],
    [SHORT.toUpperCase(), `${SHORT.toUpperCase()} » a short id is res_ and 32 hexadecimal digits, all of them`],
    ["expires<60d", "expires<60d » a comparison stands behind the colon: expires:<60d"],
    ["Changed>=2026-01-01", "Changed>=2026-01-01 » a comparison stands behind the colon: Changed:>=2026-01-01"],
    ["created<=1d", "created<=1d » a comparison stands behind the colon: created:<=1d"],
    ["not-after<1d", "not-after<1d » a comparison stands behind the colon: not-after:<1d"],
    ["seen~1d", "seen~1d » a comparison stands behind the colon: seen:1d"],
    ["port>1", "port>1 » only expires, changed, created, seen have < and >, behind a colon; write port:1"],
    ["VPC<=b", "VPC<=b » only expires, changed, created, seen have < and >, behind a colon; write VPC:b"],
    ["owner~web", "owner~web » write owner:web, or owner:*web* for a part of it"],
    ["owner!~web", "owner!~web » write owner:web, or owner:*web* for a part of it"],
  ])("that is a slip is refused with what is meant: %s", (q, expected) => {
    expect(refusal(q)).toBe(`${expected}. As a text to look for it stands in quotes`);
  });

  it.each(["web…", "web...", "...", "a...b", "arn:aws:ec2:…384db", "sha256:ab…", "res_…"])(
    "that a table has shortened is refused as such: %s",
    (q) => {
      expect(refusal(q)).toBe(
        `${q} » a text that a table has shortened cannot be looked for; --json shows it whole, and * stands for any characters. As a text to look for it stands in quotes`,
      );
    },
  );

  it.each(["port<", "expires<", "owner~", "colour<blue", "colour~blue", "1expires<60d", "a-b~c", "-web~1"])(
    "is no comparison where no qualifier, or nothing, stands beside it: %s",
    (q) => {
      expect(short(q).replace("not ", "")).toBe(`words ${q.replace(/^-/, "")}`);
    },
  );

  it("is no slip in quotes", () => {
    for (const text of ["!web", "expires<60d", "a|b", "?", ":443", "res_1", "or"])
      expect(short(`"${text}"`)).toBe(`words '${text}'`);
    expect(refusal('""')).toBe('"" » there is nothing in the quotes');
  });
});

describe("an id that nothing stands before", () => {
  it.each<[string, string]>([
    [VPC, `named ${VPC}`],
    [VPC.toUpperCase(), `named ${VPC}`],
    [`${VPC}-A`, `named ${VPC}-A`],
    [`"${VPC}"`, `named ${VPC}`],
    [SHORT, `named ${SHORT}`],
    [`"${SHORT}"`, `named ${SHORT}`],
    [
      "//compute.googleapis.com/projects/a/global/networks/b",
      "named //compute.googleapis.com/projects/a/global/networks/b",
    ],
    ["TLS://Shop.Example:443", "named tls://shop.example:443"],
    [`SHA256:${A64.toUpperCase()}`, `named sha256:${A64}`],
    ["ARN:aws:ec2", "beginning arn:aws:ec2"],
    ["//Compute", "beginning //compute"],
    ["//web/", "beginning //web/"],
    ["tls://", "beginning tls://"],
    ["sha256:", "beginning sha256:"],
    ["sha256:AB", "beginning sha256:ab"],
    [`sha256:${A64.slice(1)}`, `beginning sha256:${A64.slice(1)}`],
    ["arn:aws:ec2:*:VPC/*", "id arn:aws:ec2:*:vpc/*"],
    ["sha256:*ab", "id sha256:*ab"],
    ["arn:x=y", "beginning arn:x=y"],
    ["arn:sha256:x", "beginning arn:sha256:x"],
    ['"arn:aws"', "words 'arn:aws'"],
  ])("%s is %s", (q, expected) => {
    expect(short(q)).toBe(expected);
  });

  it.each(["sha256:xyz", `sha256:${A64}a`, "SHA256:g"])("is refused where a fingerprint cannot begin so: %s", (q) => {
    expect(refusal(q)).toBe(`${q} » a fingerprint is sha256: and up to 64 hexadecimal digits`);
  });
});

describe("an address that nothing stands before", () => {
  it.each<[string, string]>([
    ["10.1.2.3", "address 10.1.2.3"],
    ["10.1.2.5:443", "address 10.1.2.5 port 443"],
    ["10.140.*", "address 10.140.0.0-10.140.255.255"],
    ["10.140.", "address 10.140.0.0-10.140.255.255"],
    ["2001:db8::1", "address 2001:db8::1"],
    ["::1", "address ::1"],
    ["::/0", "address ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["10.140", "(address 10.140.0.0-10.140.255.255 | words 10.140)"],
    ["10.1.2", "(address 10.1.2.0-10.1.2.255 | words 10.1.2)"],
    ["255.0", "(address 255.0.0.0-255.0.255.255 | words 255.0)"],
    ["10.100", "(address 10.100.0.0-10.100.255.255 | words 10.100)"],
    ["10", "words 10"],
    ["10.256", "words 10.256"],
    ["256.1.2", "words 256.1.2"],
    ["10.01", "words 10.01"],
    ["010.1", "words 010.1"],
    ["10.1234", "words 10.1234"],
    ["1234.10", "words 1234.10"],
    ["10.140x", "words 10.140x"],
    ["a10.140", "words a10.140"],
    ['"10.140"', "words '10.140'"],
  ])("%s is %s", (q, expected) => {
    expect(short(q)).toBe(expected);
  });

  it.each<[string, string]>([
    ["0a-1b-2c-3d-4e-5F", "mac '0a1b2c3d4e5f'"],
    ["0A:1b:2c:3d:4e:5f", "mac '0a1b2c3d4e5f'"],
    ["0a1b.2c3d.4e5F", "mac '0a1b2c3d4e5f'"],
    ["0a-1b:2c-3d-4e-5f", "words 0a-1b:2c-3d-4e-5f"],
    ["x0a-1b-2c-3d-4e-5f", "words x0a-1b-2c-3d-4e-5f"],
    ["0a-1b-2c-3d-4e-5fx", "words 0a-1b-2c-3d-4e-5fx"],
    ["0a1b.2c3d.4e5fx", "words 0a1b.2c3d.4e5fx"],
    ["0a1b2c3d4e5f", "words 0a1b2c3d4e5f"],
    // Serial numbers and fingerprints by SHA-1 are words of certificates, those by SHA-256 their ids.
    ["0A:1b:2c:3d:4e:5f:6a:7b", "words 0a1b2c3d4e5f6a7b"],
    [`${"AB:".repeat(19)}ab`, `words ${"ab".repeat(20)}`],
    [`${"AB:".repeat(31)}ab`, `named sha256:${"ab".repeat(32)}`],
    [`${"ab:".repeat(30)}ab`, `words ${"ab".repeat(31)}`],
  ])("%s is %s, by its groups", (q, expected) => {
    expect(short(q)).toBe(expected);
  });

  it.each(["0a:1b:2c:3d:4e:5f:6a", `${"ab:".repeat(32)}ab`, `${"ab:".repeat(8)}abc`, `0abc:${"ab:".repeat(8)}ab`])(
    "%s has no groups of a serial number, and is no address",
    (q) => {
      expect(refusal(q)).toMatch(/IPv6|group/);
    },
  );
});

describe("a URL", () => {
  it.each<[string, string]>([
    ["https://host.example:8443/path", "words https://host.example:8443/path,host.example:8443"],
    ["HTTP://Host/x?y=z", "words http://host/x?y=z,host"],
    ["http://h", "words http://h,h"],
    ["https://h?x", "words https://h?x,h"],
    ["https://h#x", "words https://h#x,h"],
    ["https://h*/x", "words https://h*/x,h*"],
    ["http:///x", "words http:///x"],
    ['"https://h/x"', "words 'https://h/x'"],
    ["*https://h/x", "words *https://h/x"],
  ])("%s is a text, or what answers there: %s", (q, expected) => {
    expect(short(q)).toBe(expected);
  });
});

describe("a tag that nothing stands before", () => {
  it.each<[string, string]>([
    ["env=prod", "tag env=prod"],
    ["env=prod,test", "tag env=prod,test"],
    ["env=prod,kind", "tag env=prod,kind"],
    ["env=prod,team=a", "(tag env=prod | tag team=a)"],
    ["a=b", "tag a=b"],
    ["tagx=a", "tag tagx=a"],
    ["url=https://h/x", "tag url=https://h/x"],
    ["env=", "tag env="],
    ["env=a=b", "tag env=a=b"],
    ["a=b<c", "tag a=b<c"],
    ['env="Prod"', "tag env='Prod'"],
    ["-env=prod", "not tag env=prod"],
    ["a?=b", "tag a?=b"],
    ['"env=prod"', "words 'env=prod'"],
    ['"env"=prod', "words 'env=prod'"],
    ["a<b=c", "words a<b=c"],
    ["a>b=c", "words a>b=c"],
    ["a,env=prod", "(words a | words env=prod)"],
    ["https:=x", "words https:=x"],
  ])("%s is %s", (q, expected) => {
    expect(short(q)).toBe(expected);
  });

  it.each<[string, string]>([
    ["env!=prod", "env!=prod » what must not match has a minus before it: -tag:env=…"],
    ["kind!=vm", "kind!=vm » what must not match has a minus before it: -kind:vm"],
    ["VPC!==x", "VPC!==x » what must not match has a minus before it: -VPC:x"],
    ["kind=vm", "kind=vm » write kind:vm, or tag:kind=vm for a tag"],
    ["Kind==vm", "Kind==vm » write kind:vm, or tag:Kind=vm for a tag"],
    ["kind===vm", "kind===vm » write kind:vm, or tag:kind=vm for a tag"],
    ["owner=~web", "owner=~web » write owner:web, or tag:owner=web for a tag"],
    ["owner=a=~b", "owner=a=~b » write owner:a=~b, or tag:owner=a=~b for a tag"],
    ["web kind=vm,vpc", "kind=vm,vpc » write kind:vm, or tag:kind=vm for a tag"],
  ])("that is called as a qualifier, or compared, is refused with what is meant: %s", (q, expected) => {
    expect(refusal(q)).toBe(expected);
  });
});
