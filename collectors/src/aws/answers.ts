/** An answer as the SDK's handler gives it to the middleware, and to an error as `$response`. */
interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  body?: unknown;
}

interface MiddlewareStack {
  add(
    middleware: unknown,
    options: { readonly step: "deserialize"; readonly priority: "low"; readonly name: string },
  ): void;
}

/**
 * Has a client read the body of each answer that is no success before the SDK does, so that an error's `$response` still has it:
 * the SDK makes `Unknown` of a proxy's page, and drops what it said.
 */
export function keepRefusals(client: object): void {
  const keep = (next: (args: unknown) => Promise<{ response: unknown }>) => async (args: unknown) => {
    const result = await next(args);
    const response = result.response as HttpAnswer;
    if (response.statusCode >= 300 && isStream(response.body)) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of response.body) chunks.push(chunk);
      response.body = Buffer.concat(chunks);
    }
    return result;
  };
  // Each service's client has a stack of its own type, of which nothing is needed here that they do not all have.
  const { middlewareStack } = client as unknown as { readonly middlewareStack: MiddlewareStack };
  middlewareStack.add(keep, { step: "deserialize", priority: "low", name: "keepRefusals" });
}

function isStream(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}

/** What is left of the answer behind an SDK's error. */
export interface KeptAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly asksToWait: boolean;
  /** Undefined when nobody kept it. */
  readonly body: string | undefined;
}

/** The answer that made an error, undefined when there was none. */
export function answerOf(error: unknown): KeptAnswer | undefined {
  const { $response } = error as { readonly $response?: Partial<HttpAnswer> };
  if (typeof $response?.statusCode !== "number") return undefined;
  const header = (wanted: string) =>
    Object.entries($response.headers ?? {}).find(([name]) => name.toLowerCase() === wanted)?.[1];
  const { body } = $response;
  return {
    status: $response.statusCode,
    contentType: header("content-type"),
    asksToWait: header("retry-after") !== undefined,
    body: typeof body === "string" ? body : body instanceof Uint8Array ? Buffer.from(body).toString() : undefined,
  };
}
