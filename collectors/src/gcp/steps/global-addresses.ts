import { GlobalAddressesClient } from "@google-cloud/compute/build/src/v1/global_addresses_client.js";
import type { ComputeAddress } from "../compute.ts";
import { toReservedAddress } from "../convert/address.ts";
import type { Step } from "../step.ts";

export const globalAddressStep: Step<"address", ComputeAddress> = {
  kind: "address",
  service: GlobalAddressesClient,
  operation: "compute.globalAddresses.list",
  answer: "compute#addressList",
  convert: toReservedAddress,
};
