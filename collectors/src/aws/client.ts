import { EC2Client } from "@aws-sdk/client-ec2";
import { OrganizationsClient } from "@aws-sdk/client-organizations";
import { STSClient } from "@aws-sdk/client-sts";
import { HOME_REGIONS, type Partition, partitionOf } from "./partition.ts";

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** Looked up again by the SDK five minutes before they expire. */
export type AwsCredentialProvider = () => Promise<AwsCredentials>;

export interface AwsClientSettings {
  /** Attempts for one call, the first included. */
  readonly maxAttempts: number;
  readonly connectTimeoutMilliseconds: number;
  readonly requestTimeoutMilliseconds: number;
  /** Those that the SDK finds by itself (environment, profile, role of the runtime) when absent. */
  readonly credentials?: AwsCredentialProvider;
}

/** Makes clients of one identity. The caller destroys each of them when it is done. */
export interface AwsClients {
  ec2(region: string): EC2Client;
  sts(region: string): STSClient;
  /** Organizations has one endpoint in each partition. */
  organizations(partition: Partition): OrganizationsClient;
  /** The region that the SDK is set to (`AWS_REGION`, the profile), undefined when there is none. */
  configuredRegion(): Promise<string | undefined>;
}

/**
 * The SDK's clients with its adaptive retry mode (backoff, Retry-After, client-side rate limit; 4xx is not retried) and with
 * time limits. Endpoints are the SDK's own choice: regional ones, or `AWS_ENDPOINT_URL` and its like.
 */
export function createAwsClients(settings: AwsClientSettings): AwsClients {
  const common = {
    retryMode: "adaptive",
    maxAttempts: settings.maxAttempts,
    requestHandler: {
      connectionTimeout: settings.connectTimeoutMilliseconds,
      requestTimeout: settings.requestTimeoutMilliseconds,
      throwOnRequestTimeout: true,
      socketTimeout: settings.requestTimeoutMilliseconds,
    },
  };
  // It is asked nothing. What it resolves is shared, so that the SDK looks for credentials once and not once in each client.
  const { config } = new STSClient({
    ...common,
    ...(settings.credentials ? { credentials: settings.credentials } : {}),
  });
  const identity = { ...common, credentials: config.credentials };
  return {
    ec2: (region) => new EC2Client({ ...identity, region }),
    sts: (region) => new STSClient({ ...identity, region }),
    organizations: (partition) => new OrganizationsClient({ ...identity, region: HOME_REGIONS[partition] }),
    // The SDK's only answer when no region is set is to throw.
    configuredRegion: () => config.region().catch(() => undefined),
  };
}

/** The region for account-wide calls: the preferred one if it is of the partition, else the partition's usual one. */
export function homeRegion(partition: Partition, preferred: string | undefined): string {
  return preferred !== undefined && partitionOf(preferred) === partition ? preferred : HOME_REGIONS[partition];
}
