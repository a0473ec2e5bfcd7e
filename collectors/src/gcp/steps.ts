import type { KindName } from "@cadastre/contract/kinds/names";
import type { Step } from "./step.ts";
import { addressStep } from "./steps/addresses.ts";
import { globalAddressStep } from "./steps/global-addresses.ts";
import { instanceStep } from "./steps/instances.ts";
import { networkStep } from "./steps/networks.ts";
import { subnetStep } from "./steps/subnets.ts";

/**
 * Everything that is looked at in a project. What is observed, what is marked as failed when nothing can be asked, and which
 * clients are loaded all follow from this list. Several steps may fill the scopes of one kind.
 */
export const GCP_STEPS: readonly Step<KindName, unknown>[] = [
  networkStep,
  subnetStep,
  instanceStep,
  addressStep,
  globalAddressStep,
];

/** The kinds that the steps see, each once. */
export const GCP_KINDS: ReadonlySet<KindName> = new Set(GCP_STEPS.map((step) => step.kind));
