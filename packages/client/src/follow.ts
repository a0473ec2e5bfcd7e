import { setTimeout as wait } from "node:timers/promises";
import type { Endpoint } from "@cadastre/contract/endpoints/endpoint";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { ApiError } from "./api-error.ts";

/** One event of a stream, held to the endpoint's schema. */
export interface Followed<Data> {
  readonly id: string | undefined;
  readonly data: Data;
}

export interface FollowOptions {
  /** Opens the stream, after the event that was seen last. Throws ApiError. */
  readonly open: (lastEventId: string | undefined) => Promise<Response>;
  readonly signal?: AbortSignal | undefined;
  readonly delay?: (milliseconds: number) => Promise<void>;
}

const FIRST_WAIT_MILLISECONDS = 500;
const LONGEST_WAIT_MILLISECONDS = 30_000;

const mayReturn = (error: unknown): boolean =>
  error instanceof ApiError && (error.code === "api.unreachable" || error.status === 429 || error.status >= 500);

/**
 * The events of a stream, until the caller stops reading or the API refuses for good. A connection that is lost is made again
 * after the last event that was seen, so that none is missed; one may come twice, with the same id. Throws ApiError.
 */
export async function* follow(endpoint: Endpoint, options: FollowOptions): AsyncGenerator<Followed<unknown>> {
  const { open, signal, delay = (milliseconds) => wait(milliseconds) } = options;
  let lastEventId: string | undefined;
  for (let failures = 0; ; ) {
    try {
      const { body } = await open(lastEventId);
      if (!body) return;
      const events = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
      for await (const event of events) {
        failures = 0;
        lastEventId = event.id ?? lastEventId;
        yield { id: event.id, data: endpoint.stream?.parse(JSON.parse(event.data)) };
      }
    } catch (error) {
      signal?.throwIfAborted();
      // A connection that breaks in the middle throws what the runtime throws; what the API says for good is an ApiError.
      if (error instanceof ApiError && !mayReturn(error)) throw error;
      if (!(error instanceof ApiError) && !(error instanceof TypeError)) throw error;
    }
    await delay(Math.min(LONGEST_WAIT_MILLISECONDS, FIRST_WAIT_MILLISECONDS * 2 ** failures));
    failures++;
  }
}
