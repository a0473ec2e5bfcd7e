import { partitionOf } from "../partition.ts";

/** Whose listing is converted, and of which region. */
export interface AwsPlace {
  readonly account: string;
  readonly region: string;
  /**
   * The account that owns a VPC, where it is another one: subnets can be shared, and instances and interfaces in them name the
   * VPC without its owner. A VPC's owner owns its subnets too.
   */
  readonly ownerOfNetwork?: (networkId: string) => string | undefined;
  /** Told of what is taken although the cloud does not document it. */
  readonly report?: (message: string) => void;
}

/** What EC2 calls a resource in its ARNs. https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html */
type ArnType = "vpc" | "subnet" | "instance" | "network-interface" | "elastic-ip";

/** `arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-0abc`, in the region's partition. */
export function ec2Arn(place: AwsPlace, type: ArnType, id: string, owner: string = place.account): string {
  return `arn:${partitionOf(place.region)}:ec2:${place.region}:${owner}:${type}/${id}`;
}

export function networkArn(place: AwsPlace, networkId: string | undefined): string | undefined {
  return networkId ? ec2Arn(place, "vpc", networkId, place.ownerOfNetwork?.(networkId)) : undefined;
}

export function subnetArn(
  place: AwsPlace,
  subnetId: string | undefined,
  networkId: string | undefined,
): string | undefined {
  const owner = networkId ? place.ownerOfNetwork?.(networkId) : undefined;
  return subnetId ? ec2Arn(place, "subnet", subnetId, owner) : undefined;
}

const ACCOUNT = /^\d{12}$/;

/** False for the names that stand for AWS services, such as `amazon-elb`. */
export function isAccount(owner: string | undefined): owner is string {
  return owner !== undefined && ACCOUNT.test(owner);
}
