import { randomUUID } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createDynamoTable, type DynamoTableOptions } from "@cadastre/store/dynamo";
import { startDynamoEngine } from "../support/dynamo-engine.ts";
import { createDynamoEngineTable } from "../support/dynamo-table.ts";
import { aClock, type Opened } from "./entities.ts";

const RETRIES = 2;
const retryToken = (count: number) => ({ getRetryCount: () => count, getRetryDelay: () => 0 });

/** Sends again as often as the SDK does by itself, but at once: no test waits for its backoff. */
const atOnce = {
  acquireInitialRetryToken: async () => retryToken(0),
  async refreshRetryTokenForRetry(token: { getRetryCount: () => number }, { errorType }: { errorType: string }) {
    if (errorType === "CLIENT_ERROR" || token.getRetryCount() >= RETRIES) throw new Error("not sent again");
    return retryToken(token.getRetryCount() + 1);
  },
  recordSuccess() {},
};

/** A client with made-up credentials for an engine on loopback. */
function aClient(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    retryStrategy: atOnce,
  });
}

/** Opens a new table on a real engine; `wrap` may put something between the two. */
export async function openDynamo(
  options: { through?: (endpoint: string) => Promise<{ endpoint: string; stop: () => Promise<void> }> } & Partial<
    Pick<DynamoTableOptions, "delay" | "maxAttempts" | "random">
  > = {},
): Promise<Opened> {
  const { through, ...retry } = options;
  const engine = await startDynamoEngine();
  const proxy = await through?.(engine.endpoint);
  const direct = aClient(engine.endpoint);
  const clock = aClock();
  const tableName = `contract-${randomUUID()}`;
  await createDynamoEngineTable(direct, tableName);
  direct.destroy();
  const table = createDynamoTable({
    client: aClient(proxy?.endpoint ?? engine.endpoint),
    tableName,
    now: clock.now,
    ...retry,
  });
  const close = async () => {
    await table.close();
    await proxy?.stop();
    await engine.stop();
  };
  return { table, clock, close };
}
