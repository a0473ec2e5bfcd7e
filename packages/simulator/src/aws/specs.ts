import type { _InstanceType, NetworkInterfaceType, Tag } from "@aws-sdk/client-ec2";
import type { SubnetPlan, VpcPlan } from "./layout.ts";
import type { Place } from "./plan.ts";

/**
 * What is known of a machine and its interfaces before it is put into the shapes of the API. Addresses are numbers here, so
 * that counting and moving them is cheap.
 */
export type InstanceState = "pending" | "running" | "shutting-down" | "terminated" | "stopping" | "stopped";

export interface SubnetRef {
  readonly vpc: VpcPlan;
  readonly subnet: SubnetPlan;
}

/** A public IPv4 address on a private one. */
export interface PublicAddress {
  readonly address: string;
  /** The private address it is mapped to. */
  readonly privateAddress: number;
  /** Set when it is an Elastic IP. */
  readonly allocationId?: string;
  readonly associationId?: string;
  /** An account id, or `amazon` and the like where AWS owns the address. */
  readonly owner: string;
}

export interface InterfaceSpec {
  readonly id: string;
  readonly place: Place;
  readonly at: SubnetRef;
  readonly device: number;
  /** The first is the primary one; empty in IPv6-only subnets. */
  readonly ipv4: readonly number[];
  readonly public: readonly PublicAddress[];
  /** Network addresses of delegated /28 prefixes. */
  readonly ipv4Prefixes: readonly number[];
  readonly ipv6: readonly bigint[];
  /** Network addresses of delegated /80 prefixes. */
  readonly ipv6Prefixes: readonly bigint[];
  readonly description: string;
  readonly type: NetworkInterfaceType;
  readonly tags: readonly Tag[];
  /** The instance it is attached to. */
  readonly instance: string | undefined;
  /** Set where an AWS service made it. */
  readonly requester: Requester | undefined;
  readonly attachedAt: Date;
}

export interface Requester {
  readonly id: string;
  /** The owner of the attachment, such as amazon-elb. */
  readonly attachmentOwner: string;
}

export interface InstanceSpec {
  readonly id: string;
  readonly place: Place;
  readonly at: SubnetRef;
  readonly state: InstanceState;
  readonly type: _InstanceType;
  readonly image: string;
  readonly windows: boolean;
  readonly arm: boolean;
  readonly spot: boolean;
  readonly keyName: string | undefined;
  readonly launchedAt: Date;
  readonly tags: readonly Tag[];
  /** None once it is terminated. */
  readonly interfaces: readonly InterfaceSpec[];
}
