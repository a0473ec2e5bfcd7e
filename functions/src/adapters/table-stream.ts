import { toLoggedError } from "@cadastre/api/log";
import type { Log } from "@cadastre/contract/log";
import { type Context, inOrganization, toOrganization } from "@cadastre/core/context";
import type { Consumer } from "@cadastre/core/feed/consumer";
import { registerConsumers } from "@cadastre/core/feed/consumer-states";
import { handleRecords, type StreamRecord } from "@cadastre/core/feed/handle-changes";
import type { Patience } from "@cadastre/core/feed/tell";
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import { writeFeedMetrics } from "./feed-metrics.ts";
import type { WriteLine } from "./log.ts";

export interface StreamHandlerOptions {
  readonly context: Context;
  /** Its name, by which figures are kept. */
  readonly deployment: string;
  readonly consumers: readonly Consumer[];
  readonly patience: Patience;
  readonly log: Log;
  readonly write: WriteLine;
}

const EVENTS: Readonly<Record<string, StreamRecord["event"]>> = { INSERT: "made", MODIFY: "changed" };

/** A record of the stream as the feed knows it; undefined for a removal. Throws an Error for a record without what every one has. */
function toRecord({ eventName, dynamodb }: DynamoDBRecord): StreamRecord | undefined {
  const { SequenceNumber: id, Keys: { pk, sk } = {} } = dynamodb ?? {};
  if (id === undefined || pk?.S === undefined || sk?.S === undefined) {
    throw new Error("a record of the stream has no sequence number, or not the keys of an item");
  }
  const event = EVENTS[eventName ?? ""];
  return event && { id, event, pk: pk.S, sk: sk.S };
}

/**
 * Handles a batch of the table's stream. Where the table fails it, the rest is asked for again from the first record that is
 * not done; when that is the whole batch it throws, so that the runtime counts an error.
 */
export function createStreamHandler(options: StreamHandlerOptions) {
  const { context, deployment, consumers, patience, log, write } = options;
  const registered = new Set<string>();
  return async function handler(event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
    const records = event.Records.flatMap((record) => toRecord(record) ?? []);
    for (const { pk } of records) {
      const { organization } = toOrganization(pk);
      if (registered.has(organization)) continue;
      await registerConsumers(inOrganization(context, organization), consumers);
      registered.add(organization);
    }
    const { failed, ...run } = await handleRecords(context, consumers, records, {
      patience,
      report: ({ error, ...refusal }) =>
        log({ level: "error", message: "a change was set aside", ...refusal, error: toLoggedError(error, false) }),
    });
    writeFeedMetrics({ deployment, run, now: context.now(), write });
    if (!failed) return { batchItemFailures: [] };
    if (failed.id === records[0]?.id) throw failed.error;
    log({
      level: "error",
      message: "the rest of the batch is asked for again",
      error: toLoggedError(failed.error, false),
    });
    return { batchItemFailures: [{ itemIdentifier: failed.id }] };
  };
}
