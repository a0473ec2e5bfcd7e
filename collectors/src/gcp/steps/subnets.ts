import { SubnetworksClient } from "@google-cloud/compute/build/src/v1/subnetworks_client.js";
import type { ComputeSubnetwork } from "../compute.ts";
import { toSubnet } from "../convert/subnet.ts";
import type { Step } from "../step.ts";

export const subnetStep: Step<"subnet", ComputeSubnetwork> = {
  kind: "subnet",
  service: SubnetworksClient,
  operation: "compute.subnetworks.list",
  request: { views: "WITH_UTILIZATION" },
  answer: "compute#subnetworkAggregatedList",
  member: "subnetworks",
  convert: toSubnet,
};
