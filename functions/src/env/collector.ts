import { collectorName } from "@cadastre/contract/collector";
import * as z from "zod";
import { apiUrl, DEFAULT_DEPLOYMENT, deploymentName, wholeNumber, wholeNumberFrom } from "./forms.ts";
import { requireOne } from "./read.ts";

/** What every collector reads. */
export const collectorVariables = z.object({
  CADASTRE_API: apiUrl,
  /** As it is registered at the API; metrics are kept by it. */
  COLLECTOR_NAME: collectorName,
  /** The signing key: a KMS key, or a file with a private key in PEM. Exactly one of the two. */
  SIGNING_KEY_ID: z.string().optional(),
  SIGNING_KEY_FILE: z.string().optional(),
  DEPLOYMENT_NAME: deploymentName.optional(),
  COLLECT_SCOPE_DEADLINE_SECONDS: wholeNumber.optional(),
  /** From one run to the next: what it reports is stale after three of them. */
  COLLECT_INTERVAL_SECONDS: wholeNumberFrom(10, 31_708_800).optional(),
});

export type SigningKey = { readonly kmsKeyId: string } | { readonly file: string };

export interface CollectorConfig {
  readonly api: string;
  readonly name: string;
  readonly deployment: string;
  readonly signingKey: SigningKey;
  readonly scopeDeadlineMilliseconds: number | undefined;
  /** From one run to the next. */
  readonly intervalSeconds: number | undefined;
}

/** What every collector is told. Throws EnvironmentError. */
export function toCollectorConfig(variables: z.output<typeof collectorVariables>): CollectorConfig {
  const { SIGNING_KEY_ID: kmsKeyId, SIGNING_KEY_FILE: file, COLLECT_SCOPE_DEADLINE_SECONDS: seconds } = variables;
  const interval = variables.COLLECT_INTERVAL_SECONDS;
  requireOne(variables, ["SIGNING_KEY_ID", "SIGNING_KEY_FILE"]);
  return {
    api: variables.CADASTRE_API,
    name: variables.COLLECTOR_NAME,
    deployment: variables.DEPLOYMENT_NAME ?? DEFAULT_DEPLOYMENT,
    signingKey: kmsKeyId === undefined ? { file: file as string } : { kmsKeyId },
    scopeDeadlineMilliseconds: seconds === undefined ? undefined : Number(seconds) * 1000,
    intervalSeconds: interval === undefined ? undefined : Number(interval),
  };
}

/** How much is asked of a cloud at once; the collector's own defaults where nothing is said. */
export interface LoadConfig {
  readonly concurrency?: number;
  readonly pageSize?: number;
}

export function toLoad({
  COLLECT_CONCURRENCY: concurrency,
  COLLECT_PAGE_SIZE: pageSize,
}: {
  readonly COLLECT_CONCURRENCY?: string | undefined;
  readonly COLLECT_PAGE_SIZE?: string | undefined;
}): LoadConfig {
  return {
    ...(concurrency === undefined ? {} : { concurrency: Number(concurrency) }),
    ...(pageSize === undefined ? {} : { pageSize: Number(pageSize) }),
  };
}
