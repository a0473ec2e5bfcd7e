import type { Format } from "../convert/format.ts";

/** What stands in an export for reading only: it follows from the rest, or from where it is imported. */
export const DERIVED = [
  "id",
  "space",
  "family",
  "parentid",
  "source",
  "lastsyncat",
  "syncstatus",
  "createdon",
  "createdby",
  "modifiedon",
  "version",
];

/** This product's own export, and whatever people write by hand. */
export const ownPrefixes: Format = {
  name: "cadastre-prefixes",
  kind: "prefix",
  marks: [["prefix"], ["cidr"], ["subnet"], ["network"], ["address"], ["ip"], ["ipaddress"], ["cidrblock"], ["block"]],
  columns: {
    prefix: ["prefix", "cidr", "cidrblock", "subnet", "network", "block", "address", "ipaddress", "ip"],
    name: ["name", "hostname", "dnsname", "label", "title"],
    description: ["description", "comment", "comments", "note", "notes", "purpose"],
    status: ["status", "state"],
    pool: ["pool", "ispool"],
    tags: ["tags"],
    vlan: ["vlan", "vlanid", "vid"],
    account: ["account", "accountid", "awsaccount", "subscription"],
    project: ["project", "projectid"],
    owner: ["owner", "team", "contact", "tenant"],
    externalId: ["externalid", "resourceid", "subnetid"],
    externalNetwork: ["externalnetwork", "vpc", "vpcid", "vnet", "networkid"],
    region: ["region", "location", "site"],
    reserveUntil: ["reserveuntil"],
    attributes: ["attributes"],
  },
};

export const ownRanges: Format = {
  name: "cadastre-ranges",
  kind: "range",
  marks: [["start", "end"]],
  columns: {
    start: ["start"],
    end: ["end"],
    populated: ["populated"],
    utilized: ["utilized"],
    name: ["name"],
    description: ["description"],
  },
};

export const ownVlans: Format = {
  name: "cadastre-vlans",
  kind: "vlan",
  marks: [["vid", "name"]],
  columns: { vid: ["vid"], name: ["name"], group: ["group"], description: ["description"] },
};
