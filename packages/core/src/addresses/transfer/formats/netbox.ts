import { type Format, withoutMask } from "../convert/format.ts";

/*
 * NetBox 3 and 4. A table as its pages export it has the headings of the page (netbox/ipam/tables), choices by their labels,
 * booleans as True and False, "Global" for no VRF, a VRF as "name (rd)", a VLAN as "name (vid)". Its REST API answers pages of
 * objects (netbox/ipam/api/serializers_), choices as {value, label}, related objects nested.
 */

/** The cell of a VRF was made by a template, and has its HTML escapes still. */
const unescapeHtml = (text: string): string =>
  text
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&#x27;|&#39;/g, "'")
    .replace(/&amp;/g, "&");

const vlanNumber = (text: string, cells: (column: string) => string): string => {
  const number = /\((\d+)\)\s*$/.exec(text)?.[1] ?? text;
  const group = cells("vlangroup") || cells("vlan.group.name");
  return group === "" || number === "" ? number : `${group}/${number}`;
};
/** Addresses that machines took by themselves are in use like others. */
const addressStatus = (text: string): string => (/^(dhcp|slaac)$/i.test(text) ? "active" : text);

const vrf = ["vrf.name", "vrf"];
const status = ["status.value", "status"];
const owner = ["tenant.name", "tenant"];
const region = ["scope.name", "scope", "site.name", "site"];

export const netboxPrefixes: Format = {
  name: "netbox-prefixes",
  kind: "prefix",
  marks: [
    ["prefix", "vrf"],
    ["prefix", "vrf.name"],
    ["prefix", "ispool", "url"],
  ],
  columns: {
    prefix: ["prefix"],
    description: ["description"],
    status,
    pool: ["ispool", "pool"],
    vlan: ["vlan.vid", "vlan"],
    owner,
    region,
  },
  read: { vlan: vlanNumber, vrf: unescapeHtml },
  vrf,
};

export const netboxAddresses: Format = {
  name: "netbox-addresses",
  kind: "prefix",
  marks: [
    ["ipaddress", "vrf", "assigned"],
    ["ipaddress", "vrf", "tenant"],
    ["address", "vrf"],
    ["address", "vrf.name"],
  ],
  columns: { prefix: ["address", "ipaddress"], name: ["dnsname"], description: ["description"], status, owner },
  read: { prefix: withoutMask, status: addressStatus, vrf: unescapeHtml },
  vrf,
};

export const netboxRanges: Format = {
  name: "netbox-ranges",
  kind: "range",
  marks: [["startaddress", "endaddress"]],
  columns: {
    start: ["startaddress"],
    end: ["endaddress"],
    populated: ["markpopulated", "markedpopulated"],
    utilized: ["markutilized", "markedutilized"],
    description: ["description"],
  },
  read: { start: withoutMask, end: withoutMask, vrf: unescapeHtml },
  vrf,
};

export const netboxVlans: Format = {
  name: "netbox-vlans",
  kind: "vlan",
  marks: [
    ["vid", "name", "site"],
    ["vid", "name", "group", "status"],
    ["vid", "name", "url"],
  ],
  columns: { vid: ["vid"], name: ["name"], group: ["group.name", "group"], description: ["description"] },
};

export const netboxVrfs: Format = {
  name: "netbox-vrfs",
  kind: "vrf",
  marks: [["name", "rd"]],
  columns: { name: ["name"], rd: ["rd"], description: ["description"] },
};
