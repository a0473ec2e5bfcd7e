import { describe, expect, it } from "vitest";
import { parseSearch } from "./parse-search.ts";
import type { Node } from "./query.ts";

const NOW = new Date("2026-11-30T12:00:00Z");

/** What a search asks for in short: fields with their values, a pattern as its pieces, an exact one in quotes. */
function outline(node: Node): string {
  if (node.type === "not") return `not ${outline(node.part)}`;
  if (node.type !== "term") return `(${node.parts.map(outline).join(node.type === "and" ? " " : " | ")})`;
  const { type: _, at: __, field, ...rest } = node;
  const values = (rest as { any?: unknown[] }).any?.map(shown).join(",");
  const own = Object.entries(rest).flatMap(([name, value]) => (name === "any" ? [] : [`${name} ${shown(value)}`]));
  return [field, ...own, ...(values === undefined ? [] : [values])].join(" ");
}
function shown(value: unknown): string {
  const { pieces, exact, has, port, inside } = (value ?? {}) as Record<string, unknown>;
  if (Array.isArray(pieces)) {
    const text = (pieces as string[]).join("*");
    return exact === true ? `'${text}'` : text;
  }
  if (inside !== undefined) return "inside";
  if (has !== undefined) return typeof port === "number" ? `has port ${port}` : "has";
  return String(value);
}
const short = (q: string) => outline(parseSearch(q, NOW).tree);
/** The places of the terms. */
const places = (q: string) => {
  const { tree } = parseSearch(q, NOW);
  const of = (node: Node): string[] =>
    node.type === "term"
      ? [`${node.at?.from}-${node.at?.to}`]
      : node.type === "not"
        ? of(node.part)
        : node.parts.flatMap(of);
  return of(tree).join(" ");
};

describe("a value behind a qualifier", () => {
  it.each<[string, string]>([
    ["kind:VM", "kind instance"],
    ["kind:inst*,vpc", "kind instance,network"],
    ["kind:*net", "kind subnet"],
    ["kind:*e*", "kind network,subnet,instance,interface,address,endpoint,certificate"],
    ['kind:"subnet"', "kind subnet"],
    ["provider:*", "provider aws,gcp,tls"],
    ["type:account", "subject account"],
    ["type:T3.*", "type t3.*"],
    ["type:interface", "type interface"],
    ['type:"instance"', "type 'instance'"],
    ["status:ANY", "status active,retired"],
    ["status:a*", "status active,active,retired"],
    ["status:active,retired", "(status active | status retired)"],
    ["has:owner,tag", "(has what owner | has what tag)"],
    ["has:tags", "has what tag"],
    ["has:n*", "(has what notes | has what name | has what network)"],
    ["confirmed:true,false", "confirmed true,false"],
    ["confirmed:FALSE", "confirmed false"],
    ["account:My-Project", "account 'My-Project','my-project'"],
    ["account:111122223333", "account '111122223333'"],
    ["account:Acme-*", "account 'Acme-*','acme-*'"],
    ['account:"My*"', "account 'My*'"],
    ["account:aws/111122223333", "(provider aws account '111122223333')"],
    ["account:aws/1111*", "(provider aws account '1111*')"],
    ["account:gcp/My-*", "(provider gcp account 'My-*','my-*')"],
    ['account:"gcp/My*"', "(provider gcp account 'My*')"],
    ["account:other/x", "account 'other/x'"],
    ["account:xaws/1", "account 'xaws/1'"],
    ["account:1,2", "(account '1' | account '2')"],
    ["project:a", "(provider gcp account 'a')"],
    ["region:US-East-1,eu-*", "region 'US-East-1','us-east-1','eu-*'"],
    ["name:Web*,db", "name web*,db"],
    ['name:"Web*"', "name 'Web*'"],
    ["owner:Net", "owner net"],
    ["state:Running", "state running"],
    ["mac:0A-1B-2C-3D-4E-5F", "mac '0a1b2c3d4e5f'"],
    ["mac:0a1b.2c3d.4e5f", "mac '0a1b2c3d4e5f'"],
    ["mac:0a:1b:*", "mac '0a1b*'"],
    ["id:VPC-1*", "id vpc-1*"],
    ["id:arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1", "id 'arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1'"],
    [`id:res_${"a".repeat(32)}`, `id 'res_${"a".repeat(32)}'`],
    ["tag:Env=Prod", "tag key env prod"],
    ['tag:"Env"=Prod', "tag key 'Env' prod"],
    ['tag:"Env=a"', "tag key 'Env' 'a'"],
    ["tag:env=a,b", "tag key env a,b"],
    ["tag:env=a,team=b,c", "(tag key env a | tag key team b,c)"],
    ["tag:env,team", "(tag key env | tag key team)"],
    ["tag:env,team=b", "(tag key env | tag key team b)"],
    ["tag:env=", "tag key env "],
    ["tag:env=a=b", "tag key env a=b"],
    ["tag:aws:created-by", "tag key aws:created-by"],
    ['tag:"a:b"', "tag key 'a:b'"],
    ["tag:a:b:c", "tag key a:b:c"],
    ['tag:a"=b"=c', "tag key 'a=b' c"],
    ["ip:10.1.2.5,10.1.2.0/24", "address has,inside"],
    ["ip:10.1.2.5:443", "address has port 443"],
    ["cidr:10.1.2.5", "address inside"],
    ["port:443,8443", "port 443,8443"],
    ["port:1,65535", "port 1,65535"],
    ["seen:<1d,2026", "(seen span [object Object] | seen span [object Object])"],
  ])("%s asks for %s", (q, expected) => {
    expect(short(q)).toBe(expected);
  });

  it.each<[string, string]>([
    ["kind:vm", "0-7"],
    ["type:account,x", "5-12 13-14"],
    ["account:aws/1,2", "8-13 8-13 14-15"],
    ["project:a", "8-9 8-9"],
    ["a status:any", "0-1 9-12"],
    ["tag:a=b,c=d", "0-11 0-11"],
  ])("has its own place where it stands for itself, and that of all where they belong together: %s at %s", (q, at) => {
    expect(places(q)).toBe(at);
  });

  it.each<[string, string]>([
    ['kind:"VM"', "kind is"],
    ['kind:"sub*"', "kind is"],
    ["kind:x*", "kind is"],
    ["kind:*x", "kind is"],
    ["kind:n*x*k", "kind is"],
    ["type:vpc", "vpc is a kind: kind:vpc"],
    ['name:""', "name: has an empty value; what has none is -has:name"],
    ["name:<5", "name: is compared as text, with * for any characters; only expires"],
    ["region:~x", "region: is compared as text"],
    ["region:!x", "region: is compared as text"],
    ['account:""', "account: has an empty value"],
    ['project:""', "project: has an empty value"],
    ["has:tag=env", "what has a tag is tag:env"],
    ["has:nothing", "what has a tag is tag:nothing"],
    ["status:stopped", "status is one of active, retired, any; what a cloud says of a machine is state:stopped"],
    ["state:any", "state is what a cloud says, such as running; did you mean status:any?"],
    ["state:Retired", "did you mean status:retired?"],
    ["confirmed:yes", "confirmed is"],
    ["mac:0a:1b", "12 hexadecimal digits"],
    ["mac:0a1b2c3d4e5f6*", "12 hexadecimal digits"],
    ["mac:0a1b2c3d4e5f60", "12 hexadecimal digits"],
    ["mac:x0a1b2c3d4e5f", "12 hexadecimal digits"],
    ["mac:*", "12 hexadecimal digits"],
    ["port:0", "a port is a number from 1 to 65535"],
    ["port:65536", "a port is a number from 1 to 65535"],
    ["port:1e3", "a port is a number from 1 to 65535"],
    ["port:x", "a port is a number from 1 to 65535"],
    ["tag:=b", "a tag is key=value, or key for any value"],
    ["tag:env!=b", "what must not match has a minus before it: -tag:env=…"],
    ["tag:env:prod", "a tag is key=value: tag:env=prod; a key with a colon stands in quotes"],
    ["expires:none", "-has:expires"],
    ["cidr:none", "-has:ip"],
    ["ip:nothing", "nothing"],
    ["ip:10.1.2.5,10.1.2.256", "above 255"],
    ["seen:never", "a time such as"],
  ])("%s is refused: %s", (q, message) => {
    expect(() => parseSearch(q, NOW)).toThrow(
      expect.objectContaining({ code: "query.invalid", message: expect.stringContaining(message) }),
    );
  });
});

describe("a value that nothing stands before", () => {
  it.each<[string, string]>([
    ["Web", "words web"],
    ['"Two Words"', "words 'Two Words'"],
    ["web,db", "(words web | words db)"],
    ["env=Prod", "tag key env prod"],
    ["env==prod", "tag key env =prod"],
    ["env=a,b", "tag key env a,b"],
    ["10.1.2.5", "address has"],
    ["10.1.2.5,10.1.2.6", "(address has | address has)"],
    ["10.1", "(address inside | words 10.1)"],
    ["10.1.2", "(address inside | words 10.1.2)"],
    ["10.256", "words 10.256"],
    ["10.01", "words 10.01"],
    ["10.0", "(address inside | words 10.0)"],
    ["1.2.3.x", "address inside"],
    ["10", "words 10"],
    ["0a:1b:2c:3d:4e:5f", "mac '0a1b2c3d4e5f'"],
    ["0A1B.2C3D.4E5F", "mac '0a1b2c3d4e5f'"],
    ["0a:1b-2c:3d:4e:5f", "words 0a:1b-2c:3d:4e:5f"],
    [`${"AB:".repeat(31)}AB`, `named id sha256:${"ab".repeat(32)}`],
    [`${"AB:".repeat(15)}AB`, `words ${"ab".repeat(16)}`],
    ["https://shop.example:8443/path", "words https://shop.example:8443/path,shop.example:8443"],
    ["HTTP://shop.example", "words http://shop.example,shop.example"],
    ["https://?x", "words https://?x"],
    ["https://a?b=c", "words https://a?b=c,a"],
    ["arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1", "named id arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1"],
    ['"arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1"', "named id arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1"],
    [`SHA256:${"A".repeat(64)}`, `named id sha256:${"a".repeat(64)}`],
    [`res_${"a".repeat(32)}`, `named id res_${"a".repeat(32)}`],
    ["arn:aws:ec2:*:vpc/*", "id arn:aws:ec2:*:vpc/*"],
    ["ARN:aws:ec2:x", "idBeginning beginning arn:aws:ec2:x"],
    ["sha256:ab", "idBeginning beginning sha256:ab"],
    ["//compute.googleapis.com/x", "idBeginning beginning //compute.googleapis.com/x"],
    ['"arn:x"', "words 'arn:x'"],
    ['"or"', "words 'or'"],
    ["or", "words or"],
    ["not", "words not"],
    ["and", "words and"],
    ['"web?"', "words 'web?'"],
    ["a+b", "words a+b"],
    ["what/is?it", "words what/is?it"],
    ["x=", "tag key x "],
  ])("%s asks for %s", (q, expected) => {
    expect(short(q)).toBe(expected);
  });

  it.each<[string, string]>([
    ['""', "there is nothing in the quotes"],
    ["|", "either of two is written OR, in capitals"],
    ["a || b", "either of two is written OR"],
    ["a or b", "either of two is written OR"],
    ["a & b", "both of two stand side by side"],
    ["a && b", "both of two stand side by side"],
    ["a + b", "both of two stand side by side"],
    ["a and b", "both of two stand side by side"],
    ["a not b", "what must not match has a minus before it: -kind:subnet"],
    ["!web", "what must not match has a minus before it: -web"],
    ["!", "what must not match has a minus before it: -kind:subnet"],
    ["'two", 'a text with blanks stands in double quotes: "two words"'],
    ["‘two", "a text with blanks stands in double quotes"],
    ["a„b", "quotes are straight ones"],
    ["i-0ab...", "a text that a table has shortened cannot be looked for"],
    ["arn:aws:ec2:…x", "a text that a table has shortened cannot be looked for"],
    ["<60d", "a comparison stands behind its qualifier: expires:<60d"],
    ["=x", "a comparison stands behind its qualifier"],
    ["/web/", "regular expressions are not understood"],
    [".example", "nothing begins with a dot; write example, or name:*.example"],
    ["web?", "? is no wildcard"],
    [":443", "a port is port:443"],
    ["*:443", "a port is port:443"],
    [":web", "a qualifier stands right before its colon: kind:web"],
    ["a|b", "either of two is written with a comma, or OR: a,b"],
    ["RES_12", "a short id is res_ and 32 hexadecimal digits, all of them"],
    ["sha256:xyz", "a fingerprint is sha256: and up to 64 hexadecimal digits"],
    [`sha256:${"a".repeat(65)}`, "a fingerprint is sha256: and up to 64 hexadecimal digits"],
    ["expires<60d", "a comparison stands behind the colon: expires:<60d"],
    ["seen>=2026", "a comparison stands behind the colon: seen:>=2026"],
    ["port>1000", "only expires, changed, created, seen have < and >, behind a colon; write port:1000"],
    ["owner~web", "write owner:web, or owner:*web* for a part of it"],
    ["owner!~web", "write owner:web, or owner:*web*"],
    ["kind=vm", "write kind:vm, or tag:kind=vm for a tag"],
    ["Kind==vm", "write kind:vm, or tag:Kind=vm for a tag"],
    ["kind!=vm", "what must not match has a minus before it: -kind:vm"],
    ["kind=~vm", "write kind:vm, or tag:kind=vm"],
  ])("%s is refused: %s", (q, message) => {
    expect(() => parseSearch(q, NOW)).toThrow(
      expect.objectContaining({ code: "query.invalid", message: expect.stringContaining(message) }),
    );
  });

  it("is a word where it only looks like a comparison: what stands before is no qualifier, or nothing follows", () => {
    for (const q of ["web<5", "a~b", "~", "owner~"]) expect(() => short(q)).not.toThrow(/stands behind the colon/);
    expect(short("web~5")).toBe("words web~5");
  });
});
