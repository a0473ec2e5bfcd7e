import type { IncomingMessage } from "node:http";
import { gunzipSync } from "node:zlib";

/** A request that arrived, whatever became of it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly bytes: number;
  readonly type: string | null;
  readonly nonce: string | undefined;
}

/**
 * What goes wrong between collector and API: `cut`, the connection before the API has the request; `lose`, the connection after
 * the API is done; `double`, the request comes twice and the second answer counts; or something else answers in its place.
 */
export type Fault =
  | "cut"
  | "lose"
  | "double"
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown };

export interface Gateway {
  /** Every request, those that something went wrong with included. */
  readonly seen: readonly Seen[];
  /** Runs in the order in which the API first said that they are closed, or unchanged. */
  readonly delivered: readonly string[];
  pass(request: Request, incoming: IncomingMessage): Promise<Response>;
}

const NONCE = /;nonce="([^"]+)"/;
const RUNS = "/api/v1/discovery/runs";

/** What stands before the API: it passes requests on, notes them, and does what `fault` says. */
export function createGateway(options: {
  readonly api: (request: Request) => Response | Promise<Response>;
  readonly fault: (request: Seen, body: Uint8Array) => Fault | undefined;
}): Gateway {
  const seen: Seen[] = [];
  const delivered: string[] = [];

  async function ask(request: Request, body: Uint8Array<ArrayBuffer>): Promise<Response> {
    const { method, headers, url } = request;
    const response = await options.api(new Request(url, { method, headers, ...(method === "GET" ? {} : { body }) }));
    if (response.ok && method === "POST" && new URL(url).pathname.startsWith(RUNS)) {
      const sent = Buffer.from(await response.clone().arrayBuffer());
      // Long answers are compressed for whoever takes that.
      const plain = response.headers.get("content-encoding") === "gzip" ? gunzipSync(sent) : sent;
      const { run, state } = JSON.parse(plain.toString()) as { run: string; state: string };
      if (state !== "open" && !delivered.includes(run)) delivered.push(run);
    }
    return response;
  }

  return {
    seen,
    delivered,
    async pass(request, incoming) {
      const body = new Uint8Array(await request.arrayBuffer());
      const one: Seen = {
        method: request.method,
        path: new URL(request.url).pathname,
        bytes: body.length,
        type: request.headers.get("content-type"),
        nonce: NONCE.exec(request.headers.get("signature-input") ?? "")?.[1],
      };
      seen.push(one);
      const fault = options.fault(one, body);
      if (typeof fault === "object") {
        return new Response(JSON.stringify(fault.body ?? {}), { status: fault.status, headers: fault.headers ?? {} });
      }
      if (fault === "double") await ask(request, body);
      const response = fault === "cut" ? new Response() : await ask(request, body);
      if (fault === "cut" || fault === "lose") incoming.socket.destroy();
      return response;
    },
  };
}
