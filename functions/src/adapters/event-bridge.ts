import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from "@aws-sdk/client-eventbridge";
import type { PublishTriggers } from "@cadastre/api/services";
import type { ChangeEntry } from "@cadastre/contract/changes";
import { ProblemError } from "@cadastre/contract/errors";
import type { Consumer } from "@cadastre/core/feed/consumer";

/** The most that PutEvents takes at once: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
const AT_ONCE = 10;
const MOST_BYTES = 256 * 1024;

/** The source of our events, and their types: what rules match on. Of a trigger, also the collector's name in the detail. */
const SOURCE = "cadastre";
const TRIGGER_TYPE = "discovery.trigger";
const CHANGE_TYPE = "Cadastre change";

/** Shorter than any function's own limit: a call that hangs is tried again while there is still time. */
const CONNECT_MILLISECONDS = 1000;
const REQUEST_MILLISECONDS = 5000;

/** A client of EventBridge. Region, credentials and endpoint (`AWS_ENDPOINT_URL_EVENTBRIDGE`) are the SDK's own settings. */
export const openEventBridge = (): EventBridgeClient =>
  new EventBridgeClient({
    requestHandler: {
      connectionTimeout: CONNECT_MILLISECONDS,
      requestTimeout: REQUEST_MILLISECONDS,
      throwOnRequestTimeout: true,
    },
  });

interface BusOptions {
  readonly client: EventBridgeClient;
  readonly busName: string;
}

interface BusEvent {
  readonly type: string;
  readonly at: string;
  readonly detail: string;
}

/** What an event counts for its size: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-calculate-event-size.html */
const sizeOf = ({ type, detail }: BusEvent): number =>
  14 + Buffer.byteLength(SOURCE) + Buffer.byteLength(type) + Buffer.byteLength(detail);

/** Events in requests that PutEvents takes, in their order. */
function toRequests(events: readonly BusEvent[]): BusEvent[][] {
  const requests: BusEvent[][] = [];
  let bytes = 0;
  for (const event of events) {
    const size = sizeOf(event);
    const last = requests.at(-1);
    const fits = last && last.length < AT_ONCE && bytes + size <= MOST_BYTES;
    if (fits) last.push(event);
    else requests.push([event]);
    bytes = fits ? bytes + size : size;
  }
  return requests;
}

/** Puts events on the bus, in their order. Answers why the bus did not take some, one code for each. Throws when it does not answer. */
async function putEvents({ client, busName }: BusOptions, events: readonly BusEvent[]): Promise<string[]> {
  const refused: string[] = [];
  for (const request of toRequests(events)) {
    const entries = request.map(
      ({ type, at, detail }): PutEventsRequestEntry => ({
        EventBusName: busName,
        Source: SOURCE,
        DetailType: type,
        Time: new Date(at),
        Detail: detail,
      }),
    );
    const { Entries = [] } = await client.send(new PutEventsCommand({ Entries: entries }));
    refused.push(...Entries.flatMap(({ ErrorCode }) => (ErrorCode === undefined ? [] : [ErrorCode])));
  }
  return refused;
}

const refusal = (refused: readonly string[], all: number, what: string): string =>
  `the event bus refused ${refused.length} of ${all} ${what}: ${[...new Set(refused)].join(", ")}`;

/**
 * Tells collectors on the bus to run now, an event each. Throws when the bus did not take all of them: what it did not take is
 * stored all the same, and a repeat makes at most one more run.
 */
export function createTriggerPublisher(options: BusOptions): PublishTriggers {
  return async function publishTriggers(triggers) {
    const refused = await putEvents(
      options,
      triggers.map((trigger) => ({ type: TRIGGER_TYPE, at: trigger.requestedAt, detail: JSON.stringify(trigger) })),
    );
    if (refused.length > 0) throw new Error(refusal(refused, triggers.length, "triggers"));
  };
}

/** A change as the API shows it. One that is larger than an event may be is told without its values, and says so. */
function toEvent(change: ChangeEntry): BusEvent {
  const event = { type: CHANGE_TYPE, at: change.at, detail: JSON.stringify(change) };
  if (sizeOf(event) <= MOST_BYTES) return event;
  return { ...event, detail: JSON.stringify({ ...change, changes: [], changesOmitted: true }) };
}

/** The consumer that puts each change on the bus as an event. What the bus does not take is `service.unavailable`. */
export function createEventBus(options: BusOptions) {
  async function tell(changes: readonly ChangeEntry[]): Promise<void> {
    const refused = await putEvents(options, changes.map(toEvent)).catch((cause: unknown) => {
      throw new ProblemError("service.unavailable", "the event bus does not answer", { cause });
    });
    if (refused.length > 0) throw new ProblemError("service.unavailable", refusal(refused, changes.length, "changes"));
  }
  return {
    name: "event-bus",
    about: "Puts each change on the deployment's event bus",
    handle: (change: ChangeEntry) => tell([change]),
    together: { most: AT_ONCE, handle: tell },
  } satisfies Consumer;
}
