import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createDynamoTable } from "@cadastre/store/dynamo";
import type { Table } from "@cadastre/store/table";

/** Shorter than any function's own limit: a call that hangs is tried again while there is still time. */
const CONNECT_MILLISECONDS = 1000;
const REQUEST_MILLISECONDS = 5000;

/** The deployed table. Region, credentials and endpoint (`AWS_ENDPOINT_URL_DYNAMODB`) are the SDK's own settings. */
export function openDynamoTable({ tableName, now }: { tableName: string; now: () => Date }): Table {
  const client = new DynamoDBClient({
    requestHandler: {
      connectionTimeout: CONNECT_MILLISECONDS,
      requestTimeout: REQUEST_MILLISECONDS,
      throwOnRequestTimeout: true,
    },
  });
  return createDynamoTable({ client, tableName, now });
}
