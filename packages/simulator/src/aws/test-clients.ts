import { EC2Client } from "@aws-sdk/client-ec2";
import { KMSClient } from "@aws-sdk/client-kms";
import { OrganizationsClient } from "@aws-sdk/client-organizations";
import { STSClient } from "@aws-sdk/client-sts";
import { type AwsEstate, createAwsEstate } from "../estate-aws.ts";
import { createFaults, type Faults } from "../faults.ts";
import { awsEnvironment } from "./environment.ts";
import type { AwsEstateOptions } from "./plan.ts";
import { type AwsSimulator, startAwsSimulator } from "./server.ts";

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface Bench {
  readonly estate: AwsEstate;
  readonly faults: Faults;
  readonly simulator: AwsSimulator;
  /** The settings of an SDK client of an account (by index), with one attempt unless told otherwise. */
  settings(options?: { account?: number; region?: string; keys?: Keys; user?: string; maxAttempts?: number }): {
    endpoint: string;
    region: string;
    credentials: Keys;
    maxAttempts: number;
  };
  stop(): Promise<void>;
}

/** A simulator on loopback, and real SDK clients for it. */
export async function startBench(options: Partial<AwsEstateOptions> = {}): Promise<Bench> {
  const estate = createAwsEstate({ seed: "test", ...options });
  const faults = createFaults();
  const simulator = await startAwsSimulator({ estate, faults });
  return {
    estate,
    faults,
    simulator,
    settings: ({ account = 0, region = "eu-west-1", keys, user, maxAttempts = 1 } = {}) => {
      const id = estate.accounts[account]?.id ?? "";
      const environment = awsEnvironment(simulator, { account: id, region, ...(user === undefined ? {} : { user }) });
      return {
        endpoint: environment.AWS_ENDPOINT_URL ?? "",
        region,
        credentials: keys ?? {
          accessKeyId: environment.AWS_ACCESS_KEY_ID ?? "",
          secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? "",
        },
        maxAttempts,
      };
    },
    stop: () => simulator.stop(),
  };
}

type Settings = Parameters<Bench["settings"]>[0];

export const ec2 = (bench: Bench, settings?: Settings): EC2Client => new EC2Client(bench.settings(settings));
export const sts = (bench: Bench, settings?: Settings): STSClient => new STSClient(bench.settings(settings));
export const kms = (bench: Bench, settings?: Settings): KMSClient => new KMSClient(bench.settings(settings));
export const organizations = (bench: Bench, settings?: Settings): OrganizationsClient =>
  new OrganizationsClient(bench.settings(settings));
