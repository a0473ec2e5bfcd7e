import type { Cells, Format } from "../convert/format.ts";

/** Resources that others are taken out of. */
const isContainer = (type: string): boolean => /^(vpc|public-ipv4-pool|ipv6-pool)$/.test(type);
const typeOf = (cells: Cells): string => cells("resourcetype");

/** What `aws ec2 get-ipam-resource-cidrs` answers (EC2 API, IpamResourceCidr): one page, or several one after the other. */
export const awsIpamResources: Format = {
  name: "aws-ipam-resource-cidrs",
  kind: "prefix",
  marks: [["resourcecidr", "resourcetype"]],
  columns: {
    prefix: ["resourcecidr"],
    name: ["resourcename"],
    status: ["resourcetype"],
    account: ["resourceownerid"],
    region: ["resourceregion"],
    externalId: ["resourceid"],
    externalNetwork: ["vpcid"],
  },
  read: {
    status: (type) => (isContainer(type) ? "container" : "active"),
    account: (id) => (id === "" ? "" : `aws/${id}`),
    externalNetwork: (id, cells) => (typeOf(cells) === "vpc" ? "" : id),
  },
  // Scopes are what VRFs are elsewhere: addresses are unique in each.
  vrf: ["ipamscopeid"],
};
