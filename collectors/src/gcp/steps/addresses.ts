import { AddressesClient } from "@google-cloud/compute/build/src/v1/addresses_client.js";
import type { ComputeAddress } from "../compute.ts";
import { toReservedAddress } from "../convert/address.ts";
import type { Step } from "../step.ts";

export const addressStep: Step<"address", ComputeAddress> = {
  kind: "address",
  service: AddressesClient,
  operation: "compute.addresses.list",
  answer: "compute#addressAggregatedList",
  member: "addresses",
  globalElsewhere: true,
  convert: toReservedAddress,
};
