import type { AwsEstate } from "../estate-aws.ts";
import type { Fault } from "../faults.ts";
import type { Principal } from "./principals.ts";

export type ServiceName = "ec2" | "sts" | "organizations" | "kms";

/** One request after its sender is known. */
export interface Call {
  readonly estate: AwsEstate;
  readonly service: ServiceName;
  readonly operation: string;
  readonly region: string;
  readonly principal: Principal;
  readonly requestId: string;
  /** A fault that shows in a good answer: an empty list or a token that repeats. */
  readonly fault: Fault | undefined;
}
