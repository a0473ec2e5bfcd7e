import type * as z from "zod";

/** One event of a stream; a client that lost the connection goes on after the last `id` that it saw (Last-Event-ID). */
export interface ServerEvent<Data> {
  readonly id?: string;
  readonly data: Data;
}

/** An event, or a sign of life, so that nobody on the way takes the connection for dead. */
export type StreamPart<Data> = ServerEvent<Data> | "still here";

function toText(schema: z.ZodType, part: StreamPart<unknown>): string {
  if (part === "still here") return ": still here\n\n";
  const { id, data } = part;
  // JSON has no line feeds of its own, so that one line of data is enough.
  return `${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(schema.parse(data))}\n\n`;
}

/** Events as an answer (server-sent events, WHATWG HTML 9.2): each is held to the schema, and reading ends when the client goes. */
export function streamResponse(events: AsyncIterable<StreamPart<unknown>>, schema: z.ZodType): Response {
  const encoder = new TextEncoder();
  const iterator = events[Symbol.asyncIterator]();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(toText(schema, value)));
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
}
