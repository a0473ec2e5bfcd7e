import { STSClient, type STSClientConfig } from "@aws-sdk/client-sts";
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

/** The settings that the clients of all services take alike. */
type AwsClientConfiguration = Pick<
  STSClientConfig,
  "region" | "credentials" | "retryMode" | "maxAttempts" | "requestHandler"
>;

/** What the SDK's clients of all services have in common, as far as it is needed here. */
export interface AwsClient {
  destroy(): void;
}

/** The class of one service's client. */
export type AwsService<Client extends AwsClient> = new (configuration: AwsClientConfiguration) => Client;

/** Makes clients of one identity. */
export interface AwsClients {
  /** The caller destroys the client when it is done. */
  create<Client extends AwsClient>(service: AwsService<Client>, region: string): Client;
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
    create: (Service, region) => new Service({ ...identity, region }),
    // The SDK's only answer when no region is set is to throw.
    configuredRegion: () => config.region().catch(() => undefined),
  };
}

/** The region for account-wide calls: the preferred one if it is of the partition, else the partition's usual one. */
export function homeRegion(partition: Partition, preferred: string | undefined): string {
  return preferred !== undefined && partitionOf(preferred) === partition ? preferred : HOME_REGIONS[partition];
}
