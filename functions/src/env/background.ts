import { DEFAULT_RETENTION_DAYS } from "@cadastre/core/context";
import type { Prefix } from "@cadastre/net/prefix";
import * as z from "zod";
import { toForwardTo } from "../forwarding/forward-to.ts";
import { bucketName, busName, DEFAULT_DEPLOYMENT, days, deploymentName, keyArn, tableVariables } from "./forms.ts";
import { type Environment, readBy, readVariables } from "./read.ts";

/* What works on the table beside requests: jobs, the feed, and the function that makes admin tokens. */

export const adminTokenVariables = tableVariables.extend({ DEPLOYMENT_NAME: deploymentName.optional() });

export const jobsVariables = tableVariables.extend({
  /** For how many days what has ended is kept. */
  CADASTRE_RETENTION_DAYS: days.optional(),
  DEPLOYMENT_NAME: deploymentName.optional(),
  /** The key by which the audit log is sealed: ECC_NIST_P256, SIGN_VERIFY. */
  AUDIT_KEY_ARN: keyArn,
  /** The bucket to which its checkpoints are copied. */
  AUDIT_BUCKET_NAME: bucketName,
  /** Internal addresses to which the audit log may be sent, separated by commas. None when absent. */
  CADASTRE_FORWARD_TO: z.string().optional(),
});

export const feedVariables = tableVariables.extend({
  /** The EventBridge bus that is told of changes. */
  EVENT_BUS_NAME: busName,
  DEPLOYMENT_NAME: deploymentName.optional(),
});

export type AdminTokenEnvironment = z.input<typeof adminTokenVariables>;
export type JobsEnvironment = z.input<typeof jobsVariables>;
export type FeedEnvironment = z.input<typeof feedVariables>;

export interface AdminTokenConfig {
  readonly tableName: string;
  readonly deployment: string;
}

export function readAdminTokenConfig(environment: Environment): AdminTokenConfig {
  const { TABLE_NAME, DEPLOYMENT_NAME } = readVariables(adminTokenVariables, environment);
  return { tableName: TABLE_NAME, deployment: DEPLOYMENT_NAME ?? DEFAULT_DEPLOYMENT };
}

export interface JobsConfig {
  readonly tableName: string;
  readonly deployment: string;
  readonly retentionDays: number;
  readonly audit: { readonly keyArn: string; readonly bucket: string };
  readonly forwardTo: readonly Prefix[];
}

export function readJobsConfig(environment: Environment): JobsConfig {
  const variables = readVariables(jobsVariables, environment);
  const { TABLE_NAME, CADASTRE_RETENTION_DAYS, DEPLOYMENT_NAME, AUDIT_KEY_ARN, AUDIT_BUCKET_NAME } = variables;
  return {
    forwardTo: readBy("CADASTRE_FORWARD_TO", variables.CADASTRE_FORWARD_TO ?? "", toForwardTo),
    audit: { keyArn: AUDIT_KEY_ARN, bucket: AUDIT_BUCKET_NAME },
    tableName: TABLE_NAME,
    deployment: DEPLOYMENT_NAME ?? DEFAULT_DEPLOYMENT,
    retentionDays: Number(CADASTRE_RETENTION_DAYS ?? DEFAULT_RETENTION_DAYS),
  };
}

export interface FeedConfig {
  readonly tableName: string;
  readonly deployment: string;
  readonly eventBusName: string;
}

export function readFeedConfig(environment: Environment): FeedConfig {
  const { TABLE_NAME, EVENT_BUS_NAME, DEPLOYMENT_NAME } = readVariables(feedVariables, environment);
  return { tableName: TABLE_NAME, eventBusName: EVENT_BUS_NAME, deployment: DEPLOYMENT_NAME ?? DEFAULT_DEPLOYMENT };
}
