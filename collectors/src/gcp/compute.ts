import type { google } from "@google-cloud/compute/build/protos/protos.js";

/**
 * Compute Engine's resources as its client decodes them: what was not sent is absent or an empty list, 64-bit numbers are
 * texts, and each member that was sent has a companion `_member`. The JSON of gcloud has the same members without those.
 */
export type ComputeNetwork = google.cloud.compute.v1.INetwork;
export type ComputeSubnetwork = google.cloud.compute.v1.ISubnetwork;
export type ComputeInstance = google.cloud.compute.v1.IInstance;
export type ComputeInterface = google.cloud.compute.v1.INetworkInterface;
export type ComputeAddress = google.cloud.compute.v1.IAddress;
export type ComputeUtilization = google.cloud.compute.v1.ISubnetworkUtilizationDetails;
export type ComputeIpv6Utilization = google.cloud.compute.v1.ISubnetworkUtilizationDetailsIPV6Utilization;
export type ComputeUint128 = google.cloud.compute.v1.IUint128;
