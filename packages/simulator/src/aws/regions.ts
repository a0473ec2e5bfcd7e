/** A region as DescribeRegions knows it; `optIn` regions must be enabled per account before anything in them answers. */
export interface RegionFacts {
  readonly name: string;
  readonly optIn: boolean;
}

const alwaysEnabled = [
  "us-east-1 us-east-2 us-west-1 us-west-2 ca-central-1 sa-east-1 eu-central-1 eu-west-1 eu-west-2 eu-west-3 eu-north-1",
  "ap-south-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-southeast-1 ap-southeast-2",
  "cn-north-1 cn-northwest-1 us-gov-west-1 us-gov-east-1",
].flatMap((line) => line.split(" "));

const optIn = [
  "af-south-1 ap-east-1 ap-south-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-7 ca-west-1 eu-central-2",
  "eu-south-1 eu-south-2 il-central-1 me-central-1 me-south-1 mx-central-1",
].flatMap((line) => line.split(" "));

const allRegions: readonly RegionFacts[] = [
  ...alwaysEnabled.map((name) => ({ name, optIn: false })),
  ...optIn.map((name) => ({ name, optIn: true })),
].sort((one, other) => (one.name < other.name ? -1 : 1));

export type Partition = "aws" | "aws-cn" | "aws-us-gov";

/** The partition that a region belongs to, as it stands in ARNs. */
export function partitionOf(region: string): Partition {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

export function regionFacts(region: string): RegionFacts | undefined {
  return allRegions.find((candidate) => candidate.name === region);
}

export function regionsOfPartition(partition: Partition): readonly RegionFacts[] {
  return allRegions.filter((region) => partitionOf(region.name) === partition);
}

/** The host of EC2's public regional endpoint, as DescribeRegions shows it. */
export function ec2Endpoint(region: string): string {
  return `ec2.${region}.amazonaws.com${partitionOf(region) === "aws-cn" ? ".cn" : ""}`;
}

const directions: Readonly<Record<string, string>> = {
  central: "c",
  east: "e",
  north: "n",
  northeast: "ne",
  northwest: "nw",
  south: "s",
  southeast: "se",
  west: "w",
};

/** The prefix of zone ids in a region: `eu-west-1` has `euw1-az1`, `us-gov-west-1` has `usgw1-az1`. */
export function zoneIdPrefix(region: string): string {
  return region
    .split("-")
    .map((part) => directions[part] ?? (part === "gov" ? "g" : part))
    .join("");
}
