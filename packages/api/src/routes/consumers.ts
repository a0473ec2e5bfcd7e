import { consumers } from "@cadastre/contract/endpoints/consumers";
import { listConsumers } from "@cadastre/core/feed/consumer-states";
import { dropDeadLetter, listDeadLetters, replayDeadLetter } from "@cadastre/core/feed/dead-letters";
import { implement } from "./route.ts";

export const CONSUMER_ROUTES = implement(consumers, {
  list: async ({ context }) => ({ items: await listConsumers(context) }),
  deadLetters: ({ context, params, query }) => listDeadLetters(context, { ...params, ...query }),
  replay: ({ context, actor, params }) => replayDeadLetter(context, actor, params.consumer, params.id),
  async drop({ context, actor, params }) {
    await dropDeadLetter(context, actor, params.consumer, params.id);
    return undefined;
  },
});
