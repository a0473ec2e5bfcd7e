import { InstancesClient } from "@google-cloud/compute/build/src/v1/instances_client.js";
import type { ComputeInstance } from "../compute.ts";
import { toInstance } from "../convert/instance.ts";
import type { Step } from "../step.ts";

export const instanceStep: Step<"instance", ComputeInstance> = {
  kind: "instance",
  service: InstancesClient,
  operation: "compute.instances.list",
  answer: "compute#instanceAggregatedList",
  member: "instances",
  convert: toInstance,
};
