import type { AwsSimulator } from "./server.ts";

export interface AwsEnvironmentOptions {
  /** Default: the management account. */
  readonly account?: string;
  /** An IAM user of the account; each has its own access key. */
  readonly user?: string;
  /** Default: the estate's first region. */
  readonly region?: string;
}

/** The environment variables that point any AWS SDK or the AWS CLI at the simulator. */
export function awsEnvironment(
  { estate, url }: Pick<AwsSimulator, "estate" | "url">,
  options: AwsEnvironmentOptions = {},
): Readonly<Record<string, string>> {
  const account = options.account ?? estate.accounts[0]?.id ?? "";
  const keys = estate.principals.userKeys(account, options.user);
  const region = options.region ?? estate.regions[0] ?? "";
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    // Empty, so that a session token or profile of the surrounding environment does not take part.
    AWS_SESSION_TOKEN: "",
    AWS_PROFILE: "",
    AWS_EC2_METADATA_DISABLED: "true",
  };
}
