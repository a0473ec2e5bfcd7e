import { type EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from "@aws-sdk/client-eventbridge";
import type { PublishTriggers } from "@cadastre/api/services";

/** The most that PutEvents takes at once. */
const AT_ONCE = 10;

/** What rules match on: the source and type of our events, and the collector's name in the detail. */
const TRIGGER_SOURCE = "cadastre";
const TRIGGER_TYPE = "discovery.trigger";

/**
 * Tells collectors on the bus to run now, an event each. Throws when the bus did not take all of them: what it did not take is
 * stored all the same, and a repeat makes at most one more run.
 */
export function createTriggerPublisher(options: { client: EventBridgeClient; busName: string }): PublishTriggers {
  const { client, busName } = options;
  return async function publishTriggers(triggers) {
    const entries = triggers.map(
      (trigger): PutEventsRequestEntry => ({
        EventBusName: busName,
        Source: TRIGGER_SOURCE,
        DetailType: TRIGGER_TYPE,
        Time: new Date(trigger.requestedAt),
        Detail: JSON.stringify(trigger),
      }),
    );
    const refused: string[] = [];
    for (let at = 0; at < entries.length; at += AT_ONCE) {
      const { Entries = [] } = await client.send(new PutEventsCommand({ Entries: entries.slice(at, at + AT_ONCE) }));
      refused.push(...Entries.flatMap(({ ErrorCode }) => (ErrorCode === undefined ? [] : [ErrorCode])));
    }
    if (refused.length > 0) {
      const codes = [...new Set(refused)].join(", ");
      throw new Error(`the event bus refused ${refused.length} of ${entries.length} triggers: ${codes}`);
    }
  };
}
