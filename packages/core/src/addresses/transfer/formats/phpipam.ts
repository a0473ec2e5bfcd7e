import { formatAddress } from "@cadastre/net/address";
import type { Cells, Format } from "../convert/format.ts";

/*
 * phpIPAM 1.4 to 1.8. Its exports are workbooks of the old form, saved as .xlsx or CSV, with the headings of
 * app/admin/import-export/export-subnets.php and export-ipaddr.php; that of one subnet has titles above the header. Its API
 * answers {code, success, data: […]} with the columns of its tables (db/SCHEMA.sql), all as texts. Its tables hold addresses
 * as decimal numbers.
 */

/** A number is the address: of IPv4 as far as it fits (class Subnets, transform_address). */
function dotted(text: string): string {
  if (!/^\d{1,39}$/.test(text)) return text;
  const value = BigInt(text);
  if (value >= 1n << 128n) return text;
  return formatAddress({ family: value < 1n << 32n ? 4 : 6, value });
}

function subnetPrefix(text: string, cells: Cells): string {
  const mask = cells("mask");
  return mask === "" || text.includes("/") ? text : `${dotted(text)}/${mask}`;
}

function vlanNumber(text: string, cells: Cells): string {
  if (text === "NA") return "";
  const domain = cells("vlandomain");
  // Every VLAN is in the domain that is there from the beginning, unless somebody says otherwise.
  return domain === "" || domain === "default" ? text : `${domain}/${text}`;
}

/** The tags that are there from the beginning; others say nothing of whether an address is in use. */
const status = (text: string): string => (/^(3|reserved)$/i.test(text) ? "reserved" : "active");

const isFolder = (cells: Cells): boolean =>
  cells("isfolder") === "1" || /\((folder)\)$/.test(cells("subnet")) || (cells("subnet") === "" && cells("ip") === "");

export const phpipamSubnets: Format = {
  name: "phpipam-subnets",
  kind: "prefix",
  marks: [
    ["subnet", "mask", "mastersubnetid"],
    ["subnet", "mask", "sectionid"],
    ["subnet", "mastersubnet"],
    ["subnet", "vlandomain"],
    ["section", "subnet", "description"],
  ],
  columns: {
    prefix: ["subnet"],
    description: ["description"],
    pool: ["ispool"],
    status: ["tag", "state"],
    vlan: ["vlan.number", "vlan"],
  },
  read: { prefix: subnetPrefix, vlan: vlanNumber, status },
  passesOver: isFolder,
  vrf: ["vrf.name", "vrf", "vrfid"],
};

export const phpipamAddresses: Format = {
  name: "phpipam-addresses",
  kind: "prefix",
  marks: [
    ["ip", "subnetid"],
    ["ipaddr", "subnetid"],
    ["ipaddress", "hostname"],
    ["ipaddress", "subnet"],
    ["ipaddress", "mac"],
    ["ipaddress", "tag"],
    ["section", "ipaddress"],
  ],
  columns: {
    prefix: ["ip", "ipaddr", "ipaddress"],
    name: ["hostname"],
    description: ["description"],
    status: ["tag", "state"],
    owner: ["owner"],
  },
  read: { prefix: dotted, status },
  vrf: ["vrf"],
};
