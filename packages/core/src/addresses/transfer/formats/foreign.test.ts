import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { problemOf, terse, understand } from "../testing/files.ts";

const vector = (name: string) =>
  readFileSync(new URL(`../../../../../../test/vectors/imports/${name}`, import.meta.url), "utf8");

/** What a file is understood as, without the numbers of its rows. */
async function read(name: string, options = {}) {
  const { records, problems, format } = await understand(vector(name), options);
  expect(problems).toEqual([]);
  return { format, records: records.map(({ row: _, kind: __, ...said }) => terse(said)) };
}

describe("an export of NetBox", () => {
  const akron = {
    prefix: "10.112.128.0/28",
    status: "active",
    vlan: "100",
    owner: "Dunder-Mifflin",
    region: "DM-Akron",
    description: "Akron, data",
  };

  it("of the page of prefixes is of one VRF, which is chosen when there are several", async () => {
    const problem = await problemOf(read("netbox-prefixes-page.csv"));
    expect(problem).toMatchObject({ reason: "vrf", choices: ["R&D (65000:1)", "global"] });
    const global = await read("netbox-prefixes-page.csv", { vrf: "global" });
    expect(global.records).toMatchObject([{ prefix: "10.0.0.0/8" }]);
    for (const vrf of ["R&D", "R&D (65000:1)"]) {
      const { format, records } = await read("netbox-prefixes-page.csv", { vrf });
      expect(format).toBe("netbox-prefixes");
      expect(records[1]).toEqual(akron);
    }
    expect((await problemOf(read("netbox-prefixes-page.csv", { vrf: "Bravo" }))).reason).toBe("vrf");
  });

  it("of all data of prefixes is read", async () => {
    const { records } = await read("netbox-prefixes-all.csv");
    expect(records).toEqual([
      { prefix: "10.112.0.0/15", status: "container", pool: false, description: "", vlan: "", owner: "", region: "" },
      {
        prefix: "2001:db8:1::/64",
        status: "reserved",
        pool: true,
        description: "Akron",
        vlan: "DM-Akron VLANs/100",
        owner: "Dunder-Mifflin",
        region: "DM-Akron",
      },
    ]);
  });

  it("of prefixes from the API is read", async () => {
    const { format, records } = await read("netbox-prefixes.json");
    expect(format).toBe("netbox-prefixes");
    expect(records[1]).toEqual({ ...akron, pool: true });
  });

  it("of addresses is of addresses alone, whatever network they were written with", async () => {
    expect((await read("netbox-addresses.csv")).records).toEqual([
      {
        prefix: "10.112.128.1/32",
        name: "gw.example.net",
        description: "Gateway",
        status: "active",
        owner: "Dunder-Mifflin",
      },
      { prefix: "2001:db8:1::5/128", name: "", description: "", status: "active", owner: "" },
    ]);
    expect((await read("netbox-addresses.json")).records).toMatchObject([
      { prefix: "10.112.128.1/32", name: "gw.example.net", status: "active" },
    ]);
  });

  it("of ranges, VLANs and VRFs is read", async () => {
    const range = {
      start: "10.112.128.4",
      end: "10.112.128.9",
      populated: true,
      utilized: false,
      description: "DHCP",
    };
    for (const name of ["netbox-ranges.csv", "netbox-ranges.json"]) expect((await read(name)).records).toEqual([range]);
    expect((await read("netbox-vlans.csv")).records).toEqual([
      { vid: 100, name: "Data", group: "DM-Akron VLANs", description: "Desks" },
      { vid: 200, name: "Voice", group: "", description: "" },
    ]);
    expect((await read("netbox-vlans.json")).records).toMatchObject([{ vid: 100, name: "Data", group: "Core" }]);
    expect((await read("netbox-vrfs.csv")).records[0]).toEqual({
      name: "Alpha",
      rd: "65000:100",
      description: "First",
    });
    expect((await read("netbox-vrfs.json")).records).toMatchObject([{ name: "Alpha", rd: "65000:100" }]);
  });
});

describe("an export of phpIPAM", () => {
  it("of subnets is read without its folders", async () => {
    const { format, records } = await read("phpipam-subnets.csv");
    expect(format).toBe("phpipam-subnets");
    expect(records).toEqual([
      { prefix: "10.10.0.0/16", description: "Business customers", vlan: "" },
      { prefix: "10.10.1.0/24", description: "Customer 1", vlan: "2001" },
      { prefix: "10.10.2.0/24", description: "Customer 2", vlan: "Campus/30" },
      { prefix: "fd13:6d20:29dc:cf27::/64", description: "Private subnet 1", vlan: "" },
    ]);
  });

  it("of subnets from the API is read, decimal numbers and all", async () => {
    expect((await read("phpipam-subnets.json")).records).toEqual([
      { prefix: "10.10.0.0/16", description: "Business customers", pool: true, status: "active" },
      { prefix: "10.10.1.0/24", description: "Customer 1", pool: false, status: "reserved" },
      { prefix: "fd13:6d20:29dc:cf27::/64", description: "Private subnet 1", pool: false, status: "active" },
    ]);
  });

  it("of addresses is read, in the form of all, of one subnet, and of the API", async () => {
    const server = { prefix: "10.10.1.3/32", name: "server1.cust1.local", description: "Server1", owner: "Ann" };
    for (const name of ["phpipam-addresses.csv", "phpipam-one-subnet.csv", "phpipam-addresses.json"]) {
      const { format, records } = await read(name);
      expect(format).toBe("phpipam-addresses");
      expect(records[0]).toMatchObject({ ...server, status: "active" });
      expect(records[1]).toMatchObject({ prefix: "10.10.1.5/32" });
    }
    expect((await read("phpipam-addresses.json")).records[1]).toMatchObject({ status: "reserved" });
  });
});

describe("an answer of AWS IPAM", () => {
  const [vpc, subnet] = [
    {
      prefix: "10.2.0.0/16",
      name: "Demo",
      status: "container",
      account: "aws/123456789012",
      region: "us-east-1",
      externalId: "vpc-06cbefa9ee907e1c0",
      externalNetwork: "",
    },
    {
      prefix: "10.2.0.0/24",
      status: "active",
      account: "aws/123456789012",
      region: "us-east-1",
      externalId: "subnet-0772f0b1b2c0e3a11",
      externalNetwork: "vpc-06cbefa9ee907e1c0",
    },
  ];

  it("is read, in one page or several", async () => {
    expect(await read("aws-ipam.json")).toEqual({ format: "aws-ipam-resource-cidrs", records: [vpc, subnet] });
    const page = vector("aws-ipam.json");
    const first = page.replace(/\]\s*\}\s*$/, '], "NextToken": "more" }');
    expect((await understand(first + page)).records).toHaveLength(4);
    expect((await problemOf(understand(first))).reason).toBe("incomplete");
  });

  it("is of one scope", async () => {
    const other = vector("aws-ipam.json").replace("ipam-scope-02fc38cd4c48e7d38", "ipam-scope-1");
    expect((await problemOf(understand(other))).choices).toEqual(["ipam-scope-02fc38cd4c48e7d38", "ipam-scope-1"]);
    expect((await understand(other, { vrf: "ipam-scope-1" })).records).toHaveLength(1);
  });
});
