import { fileURLToPath } from "node:url";
import { createApp } from "@cadastre/api/app";
import { createFileAssets } from "@cadastre/api/assets";
import { FIRST_ORGANIZATION } from "@cadastre/core/context";
import { createHttpApiHandler } from "./adapters/api-gateway.ts";
import { openDynamoTable } from "./adapters/dynamo.ts";
import { createTriggerPublisher, openEventBridge } from "./adapters/event-bridge.ts";
import { createGatewayOrigin } from "./adapters/gateway-origin.ts";
import { requireUsableKey } from "./adapters/kms-ready.ts";
import { createKmsSealer } from "./adapters/kms-sealer.ts";
import { createLog, writeToStdout } from "./adapters/log.ts";
import { createOutside } from "./adapters/outside.ts";
import { readApiConfig } from "./env/service.ts";

const config = readApiConfig(process.env);
const { tableName, dataKeyArn, eventBusName, holdPolicy, retentionDays } = config;
const now = () => new Date();

/** The API behind an HTTP API. It stores secrets and has nothing to open them with: that is the vault's. */
export const handler = createHttpApiHandler(
  createApp({
    context: {
      table: openDynamoTable({ tableName, now }),
      organization: FIRST_ORGANIZATION,
      now,
      holdPolicy,
      retentionDays,
    },
    vault: { sealer: createKmsSealer({ keyArn: dataKeyArn }) },
    assets: createFileAssets({ directory: fileURLToPath(new URL("assets", import.meta.url)) }),
    log: createLog({ now, write: writeToStdout }),
    ready: { vaultKey: () => requireUsableKey({ keyArn: dataKeyArn }) },
    relyingParty: config.relyingParty,
    outside: createOutside({ loopback: false }),
    trustedProxies: config.trustedProxies,
    originOf: createGatewayOrigin({ allowed: config.allowedAddresses }),
    publishTriggers: createTriggerPublisher({ client: openEventBridge(), busName: eventBusName }),
  }),
);
