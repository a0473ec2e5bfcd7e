import { bootstrapAdminToken } from "@cadastre/core/access/bootstrap";
import { recoverAdminToken } from "@cadastre/core/access/recover";
import { DEFAULT_HOLD_POLICY, DEFAULT_RETENTION_DAYS, FIRST_ORGANIZATION, systemActor } from "@cadastre/core/context";
import type { Context } from "aws-lambda";
import { readAdminTokenRequest } from "./adapters/admin-token-request.ts";
import { openDynamoTable } from "./adapters/dynamo.ts";
import { createLog, writeToStdout } from "./adapters/log.ts";
import { writeMetrics } from "./adapters/metric-line.ts";
import { readAdminTokenConfig } from "./env/background.ts";

const { tableName, deployment } = readAdminTokenConfig(process.env);
const now = () => new Date();
const log = createLog({ now, write: writeToStdout });

/**
 * Makes the first admin token of a deployment and answers it, once: `{tokenId, secret}`, later `{tokenId}` alone. Asked to recover,
 * it makes another one, with a record, a line in the log and a figure that alarms. Invoked by hand, by who may; the
 * secret is in the answer and in no log.
 */
export async function handler(event: unknown, { awsRequestId }: Pick<Context, "awsRequestId">) {
  const request = readAdminTokenRequest(event, deployment);
  const table = openDynamoTable({ tableName, now });
  const context = {
    table,
    organization: FIRST_ORGANIZATION,
    now,
    holdPolicy: DEFAULT_HOLD_POLICY,
    retentionDays: DEFAULT_RETENTION_DAYS,
  };
  if (!request.recover) return bootstrapAdminToken(context);
  const { reason } = request;
  const recovered = await recoverAdminToken(context, systemActor(awsRequestId), { reason });
  const { tokenId: token } = recovered;
  log({ level: "warn", message: "an admin token was recovered", requestId: awsRequestId, token, reason });
  writeMetrics({ deployment, figures: { AdminTokensRecovered: 1 }, now: now(), write: writeToStdout });
  return recovered;
}
