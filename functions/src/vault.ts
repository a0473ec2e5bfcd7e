import { createApp } from "@cadastre/api/app";
import { FIRST_ORGANIZATION } from "@cadastre/core/context";
import { createHttpApiHandler } from "./adapters/api-gateway.ts";
import { openDynamoTable } from "./adapters/dynamo.ts";
import { createGatewayOrigin } from "./adapters/gateway-origin.ts";
import { createKmsOpener } from "./adapters/kms-opener.ts";
import { createLog, writeToStdout } from "./adapters/log.ts";
import { createOutside } from "./adapters/outside.ts";
import { readVaultConfig } from "./env/service.ts";

const { tableName, dataKeyArn, holdPolicy, retentionDays, allowedAddresses, relyingParty, trustedProxies } =
  readVaultConfig(process.env);
const now = () => new Date();

/**
 * The same app with what opens secrets, behind the routes that hand secrets out or check a code against one, and no other. Its role is the only one that may
 * decrypt, and may do little else: whatever another route would need is not there.
 */
export const handler = createHttpApiHandler(
  createApp({
    context: {
      table: openDynamoTable({ tableName, now }),
      organization: FIRST_ORGANIZATION,
      now,
      holdPolicy,
      retentionDays,
    },
    vault: { opener: createKmsOpener({ keyArn: dataKeyArn }) },
    assets: async () => undefined,
    log: createLog({ now, write: writeToStdout }),
    relyingParty,
    outside: createOutside({ loopback: false }),
    trustedProxies,
    originOf: createGatewayOrigin({ allowed: allowedAddresses }),
    publishTriggers: () => Promise.reject(new Error("triggers are published by the API's function")),
  }),
);
