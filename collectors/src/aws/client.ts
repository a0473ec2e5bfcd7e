import { STSClient, type STSClientConfig } from "@aws-sdk/client-sts";
import type { Deadline } from "../deadline.ts";
import { keepRefusals } from "./answers.ts";
import { HOME_REGIONS, type Partition, partitionOf } from "./partition.ts";
import { createPatience, type Patience } from "./patience.ts";
import { withProfile } from "./profile.ts";

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
  "region" | "credentials" | "retryStrategy" | "maxAttempts" | "requestHandler"
>;

/** What the SDK's clients of all services have in common, as far as it is needed here. */
export interface AwsClient {
  destroy(): void;
}

/** The class of one service's client. */
export type AwsService<Client extends AwsClient> = new (configuration: AwsClientConfiguration) => Client;

/** Makes clients of one identity. */
export interface AwsClients {
  /** The caller destroys the client when it is done. What it repeats ends with the deadline, where there is one. */
  create<Client extends AwsClient>(service: AwsService<Client>, region: string, deadline?: Deadline): Client;
  /** The error after which a client waits to ask again; undefined when it does not. */
  waitsAfter(client: AwsClient): unknown;
  /** The region that the SDK is set to (`AWS_REGION`, the profile), undefined when there is none. */
  configuredRegion(): Promise<string | undefined>;
}

/**
 * The SDK's clients with its adaptive retries (backoff, Retry-After, client-side rate limit; 4xx is not retried) and with
 * time limits. Endpoints are the SDK's own choice: regional ones, or `AWS_ENDPOINT_URL` and its like.
 */
export function createAwsClients(settings: AwsClientSettings): AwsClients {
  const common = {
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
  const credentials: AwsCredentialProvider = () =>
    config.credentials().catch(async (error: unknown) => {
      throw await withProfile(error);
    });
  const patience = new WeakMap<AwsClient, Patience>();
  return {
    create: (Service, region, deadline) => {
      const own = createPatience(settings.maxAttempts, deadline?.left ?? (() => Number.POSITIVE_INFINITY));
      const client = new Service({ ...common, credentials, retryStrategy: own.strategy, region });
      keepRefusals(client);
      patience.set(client, own);
      return client;
    },
    waitsAfter: (client) => patience.get(client)?.waitsAfter(),
    // The SDK's only answer when no region is set is to throw.
    configuredRegion: () => config.region().catch(() => undefined),
  };
}

/** The region for account-wide calls: the preferred one if it is of the partition, else the partition's usual one. */
export function homeRegion(partition: Partition, preferred: string | undefined): string {
  return preferred !== undefined && partitionOf(preferred) === partition ? preferred : HOME_REGIONS[partition];
}
