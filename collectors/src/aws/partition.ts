/** The AWS partitions that are supported; each has its own accounts, regions and host names. */
export const PARTITIONS = ["aws", "aws-cn", "aws-us-gov"] as const;
export type Partition = (typeof PARTITIONS)[number];

const REGION = /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/;
const UNSUPPORTED = /^(?:us-iso[a-z]?|eu-isoe|eusc)-/;

/** The partition of a region. Throws RangeError for what is no region's name and for regions of other partitions (ISO, European Sovereign Cloud). */
export function partitionOf(region: string): Partition {
  if (!REGION.test(region)) throw new RangeError(`${JSON.stringify(region)} is not an AWS region such as eu-west-1`);
  if (UNSUPPORTED.test(region)) {
    throw new RangeError(
      `region ${region} is of a partition that is not supported; supported: ${PARTITIONS.join(", ")}`,
    );
  }
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/** Where account-wide calls go when neither the configuration nor the SDK's own settings name a region of the partition. */
export const HOME_REGIONS: Readonly<Record<Partition, string>> = {
  aws: "us-east-1",
  "aws-cn": "cn-northwest-1",
  "aws-us-gov": "us-gov-west-1",
};

/**
 * Regions that every account of a partition has and cannot switch off. They stand for an account of which not even the list of
 * regions could be read. https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
 */
export const DEFAULT_REGIONS: Readonly<Record<Partition, readonly string[]>> = {
  aws: [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
  ],
  "aws-cn": ["cn-north-1", "cn-northwest-1"],
  "aws-us-gov": ["us-gov-east-1", "us-gov-west-1"],
};
