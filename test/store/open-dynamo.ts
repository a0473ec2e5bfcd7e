import { randomUUID } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createDynamoTable, type DynamoTableOptions, ensureTable } from "@cadastre/store/dynamo";
import { startDynamoEngine } from "../support/dynamo-engine.ts";
import { aClock, INDEXES, type Opened } from "./entities.ts";

/** A client with made-up credentials for an engine on loopback. */
function aClient(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
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
  await ensureTable({ client: direct, tableName, indexes: INDEXES });
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
