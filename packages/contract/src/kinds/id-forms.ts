/** The form of a kind's natural ids at one provider; its groups `account`, `region` and `zone` say whose the resource is. */
export type IdForm = RegExp;

/** `arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-0abc` of an EC2 resource type. */
export function ec2Arn(type: string): IdForm {
  // A region is in one partition, so that one resource has one ARN.
  return new RegExp(
    `^arn:(?:aws-cn:ec2:(?=cn-)|aws-us-gov:ec2:(?=us-gov-)|aws:ec2:(?!cn-|us-gov-))(?<region>[a-z0-9-]+):(?<account>\\d{12}):${type}/[A-Za-z0-9][\\w.-]*$`,
  );
}

const SCOPES = { global: "global", regions: "regions/(?<region>[a-z0-9-]+)", zones: "zones/(?<zone>[a-z0-9-]+)" };

/** `//compute.googleapis.com/projects/p/regions/r/subnetworks/n` of a collection, at the levels where it exists. */
export function computePath(levels: readonly (keyof typeof SCOPES)[], collection: string): IdForm {
  const level = levels.map((one) => SCOPES[one]).join("|");
  return new RegExp(
    `^//compute\\.googleapis\\.com/projects/(?<account>[a-z0-9.:-]+)/(?:${level})/${collection}/[\\w.-]+$`,
  );
}
