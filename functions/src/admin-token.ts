import { bootstrapAdminToken } from "@cadastre/core/access/bootstrap";
import { DEFAULT_HOLD_POLICY, DEFAULT_RETENTION_DAYS } from "@cadastre/core/context";
import { openDynamoTable } from "./adapters/dynamo.ts";
import { readTableConfig } from "./env.ts";

const { tableName } = readTableConfig(process.env);
const now = () => new Date();

/**
 * Makes the first admin token of a deployment and answers it, once: `{tokenId, secret}`, later `{tokenId}` alone. Invoked by
 * hand, by who may; the secret is in the answer and in no log.
 */
export function handler(): ReturnType<typeof bootstrapAdminToken> {
  const table = openDynamoTable({ tableName, now });
  return bootstrapAdminToken({ table, now, holdPolicy: DEFAULT_HOLD_POLICY, retentionDays: DEFAULT_RETENTION_DAYS });
}
