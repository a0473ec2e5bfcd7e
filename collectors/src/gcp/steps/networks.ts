import { NetworksClient } from "@google-cloud/compute/build/src/v1/networks_client.js";
import type { ComputeNetwork } from "../compute.ts";
import { toNetwork } from "../convert/network.ts";
import type { Step } from "../step.ts";

export const networkStep: Step<"network", ComputeNetwork> = {
  kind: "network",
  service: NetworksClient,
  operation: "compute.networks.list",
  answer: "compute#networkList",
  needsSharedVpcHost: true,
  convert: toNetwork,
};
