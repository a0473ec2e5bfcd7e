import type { KindName } from "@cadastre/contract/kinds/names";
import type { AwsClient } from "./client.ts";
import type { Step } from "./step.ts";
import { addressStep } from "./steps/addresses.ts";
import { instanceStep } from "./steps/instances.ts";
import { interfaceStep } from "./steps/interfaces.ts";
import { networkStep } from "./steps/networks.ts";
import { subnetStep } from "./steps/subnets.ts";

/**
 * Everything that is looked at in a region. What is observed, what is marked as failed when an account cannot be entered, and
 * whose answers tell who owns a shared network all follow from this list. A kind is in it once: it is a scope of its own.
 */
export const AWS_STEPS: readonly Step<KindName, AwsClient, unknown>[] = [
  networkStep,
  subnetStep,
  instanceStep,
  interfaceStep,
  addressStep,
];
