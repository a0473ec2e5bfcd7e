/** So much is handed on at a time: lines are short. */
const PIECE = 64 * 1024;

/**
 * Text as an answer, as it is made: what fails before the first of it is answered as a problem, and what fails later breaks the
 * connection off. Reading ends when the client goes.
 */
export async function textResponse(parts: AsyncIterable<string>, type: string): Promise<Response> {
  const encoder = new TextEncoder();
  const iterator = parts[Symbol.asyncIterator]();
  let isDone = false;
  const next = async (): Promise<string> => {
    let text = "";
    while (!isDone && text.length < PIECE) {
      const { done, value } = await iterator.next();
      if (done) isDone = true;
      else text += value;
    }
    return text;
  };
  let first: string | undefined = await next();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const text = first ?? (await next());
      first = undefined;
      if (text !== "") controller.enqueue(encoder.encode(text));
      if (isDone) controller.close();
    },
    async cancel() {
      isDone = true;
      await iterator.return?.();
    },
  });
  return new Response(body, { headers: { "content-type": type, "cache-control": "no-store" } });
}
