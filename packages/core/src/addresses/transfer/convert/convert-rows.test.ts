import { describe, expect, it } from "vitest";
import { problemOf, terse, understand } from "../testing/files.ts";

const only = async (content: string, options = {}) => {
  const { records, problems } = await understand(content, options);
  expect(problems).toEqual([]);
  return records.map(terse);
};

describe("a table that people write", () => {
  it("says of each prefix what its columns are called after", async () => {
    const content =
      "CIDR;Name;Comment;State;Is Pool;VLAN ID;Account;Tag:environment;tag: tier;External_Id;Team;Rack\n" +
      "10.0.0.0/8;ten; all ;Container;yes;12;aws/1;prod;;vpc-1;net;r1\n";
    const { records, ignored } = await understand(content);
    expect(records.map(terse)).toEqual([
      {
        kind: "prefix",
        row: 2,
        prefix: "10.0.0.0/8",
        name: "ten",
        description: " all ",
        status: "container",
        pool: true,
        vlan: "12",
        account: "aws/1",
        tagChanges: { environment: "prod", tier: "" },
        externalId: "vpc-1",
        owner: "net",
      },
    ]);
    expect(ignored).toEqual(["Rack"]);
  });

  it.each([
    ["2001:0DB8:0000::/048", "has a prefix length with a leading zero"],
    ["10.0.0.1/8", "has bits set behind its prefix length; the prefix is 10.0.0.0/8"],
    ["2001:db8::1/64", "has bits set behind its prefix length; the prefix is 2001:db8::/64"],
    ["fe80::1%eth0", "carries a zone id"],
    ["fe80::%1/64", "carries a zone id"],
    ["10.0.0.0/33", "has a prefix length outside"],
    ["::ffff:10.0.0.0/104", "writes part of an IPv6 address in dots"],
    ["10.00.0.0/8", "leading zero"],
    ["", "has no address"],
    ["=1+1", "contains a character"],
  ])("is told of %s", async (prefix, reason) => {
    const { records, problems } = await understand(`prefix,name\n${prefix},x\n`);
    expect(records).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ row: 2, column: "prefix", value: prefix });
    expect(problems[0]?.reason).toContain(reason);
  });

  it("may write IPv6 in any case and with leading zeros, and addresses alone", async () => {
    const records = await only("prefix\n2001:0DB8:0000:0000::/48\n2001:DB8::00Ff\n192.0.2.1\n 10.0.0.0/8 \n");
    expect(records.map((record) => "prefix" in record && record.prefix)).toEqual([
      "2001:db8::/48",
      "2001:db8::ff/128",
      "192.0.2.1/32",
      "10.0.0.0/8",
    ]);
  });

  it("is told of everything that is wrong with a row, by its columns' own names", async () => {
    const { problems } = await understand("CIDR,State,Pool,Tags,VLAN\n10.0.0.1/8,gone,maybe,x,5000\n");
    expect(problems.map(({ column }) => column)).toEqual(["CIDR", "State", "Pool", "Tags", "VLAN"]);
  });

  it("is heard as somebody chose, whatever its columns are called", async () => {
    const content = "Netz,Name,Standort,Prefix\n10.0.0.0/8,ten,Bern,x\n";
    const columns = { Netz: "prefix", name: "ignore", Standort: "tag:site" };
    expect(await only(content, { columns })).toEqual([
      { kind: "prefix", row: 2, prefix: "10.0.0.0/8", tagChanges: { site: "Bern" } },
    ]);
    const { ignored } = await understand(content, { columns });
    expect(ignored).toEqual(["Name"]);
    expect((await problemOf(understand(content, { columns: { Netz: "cidr" } }))).reason).toBe("mapping");
    expect((await problemOf(understand("Netz,Name\n10.0.0.0/8,x\n"))).choices).toEqual(["Netz", "Name"]);
    expect((await problemOf(understand(content, { format: "excel" }))).reason).toBe("unknown_form");
  });

  it("takes tags as pairs or as JSON", async () => {
    const rows = [{ tags: "a=1, b = x=y ;c=" }, { tags: '{"__proto__":"p","a,b":"=1"}' }, { tags: "" }];
    const records = await only(JSON.stringify(rows.map((row, index) => ({ prefix: `10.${index}.0.0/16`, ...row }))));
    expect(records.map((record) => "tags" in record && Object.entries(record.tags ?? {}))).toEqual([
      [
        ["a", "1"],
        ["b", "x=y"],
        ["c", ""],
      ],
      [
        ["__proto__", "p"],
        ["a,b", "=1"],
      ],
      [],
    ]);
    const wrong = await understand('[{"prefix":"10.0.0.0/8","tags":"a"},{"prefix":"10.0.0.0/8","tags":"a=1,a=2"}]');
    expect(wrong.problems.map(({ row }) => row)).toEqual([1, 2]);
  });

  it("may be of ranges and VLANs", async () => {
    expect(await only("start,end,populated,name\n10.0.0.1,10.0.0.9,yes,dhcp\n")).toEqual([
      { kind: "range", row: 2, start: "10.0.0.1", end: "10.0.0.9", populated: true, name: "dhcp" },
    ]);
    const ranges = await understand("start,end\n10.0.0.9,10.0.0.1\n10.0.0.1,::1\n10.0.0.0/8,\n");
    expect(ranges.problems.map(({ row, column }) => [row, column])).toEqual([
      [2, "end"],
      [3, "end"],
      [4, "start"],
      [4, "end"],
    ]);
    expect(await only("vid,name,group\n100,web,core\n")).toEqual([
      { kind: "vlan", row: 2, vid: 100, name: "web", group: "core" },
    ]);
    expect((await understand("vid,name\n0,x\n4095,y\n1e2,z\n")).problems).toHaveLength(3);
  });
});
