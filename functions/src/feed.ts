import { setTimeout as delay } from "node:timers/promises";
import { spacesConsumer } from "@cadastre/core/addresses/discovered/consumer";
import { DEFAULT_HOLD_POLICY, DEFAULT_RETENTION_DAYS, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { openDynamoTable } from "./adapters/dynamo.ts";
import { createEventBus, openEventBridge } from "./adapters/event-bridge.ts";
import { createLog, writeToStdout } from "./adapters/log.ts";
import { createStreamHandler } from "./adapters/table-stream.ts";
import { readFeedConfig } from "./env/background.ts";

const { tableName, eventBusName, deployment } = readFeedConfig(process.env);
const now = () => new Date();

/** What a consumer does not take within a second, beside the attempts of its own client, is set aside: others are waiting. */
const PATIENCE = { waitsMilliseconds: [200, 800], wait: (milliseconds: number) => delay(milliseconds) };

/** Tells consumers of changes, as the table's stream hands them over. */
export const handler = createStreamHandler({
  context: {
    table: openDynamoTable({ tableName, now }),
    organization: FIRST_ORGANIZATION,
    now,
    holdPolicy: DEFAULT_HOLD_POLICY,
    retentionDays: DEFAULT_RETENTION_DAYS,
  },
  deployment,
  consumers: [createEventBus({ client: openEventBridge(), busName: eventBusName }), spacesConsumer],
  patience: PATIENCE,
  log: createLog({ now, write: writeToStdout }),
  write: writeToStdout,
});
