import { ProblemError } from "@cadastre/contract/errors";

/** So much is handed on at a time: rows are short. */
const PIECE = 64 * 1024;

/**
 * A file as an answer, as it is made: what fails before the first of it is answered as a problem, and what fails later breaks the connection
 * off. Reading ends when the client goes.
 */
export async function fileResponse(
  parts: AsyncIterable<string | Uint8Array>,
  { type, name }: { readonly type: string; readonly name: string },
): Promise<Response> {
  const iterator = parts[Symbol.asyncIterator]();
  let isDone = false;
  const next = async (): Promise<Uint8Array<ArrayBuffer>> => {
    const some: Uint8Array[] = [];
    for (let size = 0; !isDone && size < PIECE; ) {
      const { done, value } = await iterator.next();
      if (done) {
        isDone = true;
        continue;
      }
      const piece = typeof value === "string" ? Buffer.from(value) : value;
      some.push(piece);
      size += piece.length;
    }
    return new Uint8Array(Buffer.concat(some));
  };
  let first: Uint8Array<ArrayBuffer> | undefined = await next();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const piece = first ?? (await next());
      first = undefined;
      if (piece.length > 0) controller.enqueue(piece);
      if (isDone) controller.close();
    },
    async cancel() {
      isDone = true;
      await iterator.return?.();
    },
  });
  const headers = {
    "content-type": type,
    "content-disposition": `attachment; filename="${name}"`,
    "cache-control": "no-store",
  };
  return new Response(body, { headers });
}

/** The whole of a file that cannot be streamed. Throws 413 `request.too_large`. */
export async function* boundedFile(
  parts: AsyncIterable<string | Uint8Array>,
  mostBytes: number,
): AsyncGenerator<string | Uint8Array> {
  const all: (string | Uint8Array)[] = [];
  let size = 0;
  for await (const part of parts) {
    all.push(part);
    size += Buffer.byteLength(part);
    if (size > mostBytes)
      throw new ProblemError(
        "request.too_large",
        `the answer has more than ${mostBytes} bytes: ask for less by within, or by limit and after`,
      );
  }
  yield* all;
}
