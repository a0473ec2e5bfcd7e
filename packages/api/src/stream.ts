import type * as z from "zod";

/** One event of a stream; a client that lost the connection goes on after the last `id` that it saw (Last-Event-ID). */
export interface ServerEvent<Data> {
  readonly id?: string;
  readonly data: Data;
}

/**
 * An event, a sign of life, so that nobody on the way takes the connection for dead, or nothing yet: a source that waits for long
 * says so now and then, because only between its parts can it be told that the reader has gone.
 */
export type StreamPart<Data> = ServerEvent<Data> | "still here" | "nothing yet";

function toText(schema: z.ZodType, part: Exclude<StreamPart<unknown>, "nothing yet">): string {
  if (part === "still here") return ": still here\n\n";
  const { id, data } = part;
  // JSON has no line feeds of its own, so that one line of data is enough.
  return `${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(schema.parse(data))}\n\n`;
}

/** Events as an answer (server-sent events, WHATWG HTML 9.2): each is held to the schema, and reading ends when the client goes. */
export function streamResponse(events: AsyncIterable<StreamPart<unknown>>, schema: z.ZodType): Response {
  const encoder = new TextEncoder();
  const iterator = events[Symbol.asyncIterator]();
  let isGone = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      while (!isGone) {
        const { done, value } = await iterator.next();
        if (isGone) return;
        if (done) return controller.close();
        if (value === "nothing yet") continue;
        return controller.enqueue(encoder.encode(toText(schema, value)));
      }
    },
    async cancel() {
      isGone = true;
      await iterator.return?.();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
}
