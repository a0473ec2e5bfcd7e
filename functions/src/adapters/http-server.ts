import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { SIGNED_BODY_BYTES } from "@cadastre/api/body";
import { problemResponse } from "@cadastre/api/problem";
import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { getRequestListener, RequestError } from "@hono/node-server";

/** What a server takes on at once; a machine has only so much memory, whoever asks for it. */
export interface ServerLimits {
  /** Connections; further ones are closed as they come. */
  readonly mostConnections?: number;
  /** Bytes of bodies that are announced and not answered yet; a request beyond them is told to come later. */
  readonly mostBytes?: number;
}

const MOST_CONNECTIONS = 512;
const MOST_BYTES = 128 * 1024 * 1024;
/** A shard has four megabytes, and lines are slow. */
const REQUEST_MILLISECONDS = 120_000;
const HEADERS_MILLISECONDS = 20_000;

/** How much of a body may have to be kept: what it announces, and without that, or beyond what is ever read, the most that is read. */
function announced({ headers }: IncomingMessage): number {
  if (headers["transfer-encoding"] !== undefined) return SIGNED_BODY_BYTES;
  const length = Number(headers["content-length"] ?? 0);
  return Number.isFinite(length) ? Math.min(length, SIGNED_BODY_BYTES) : SIGNED_BODY_BYTES;
}

/** What of a request is refused before the app sees it; undefined for what the app can judge. */
function refusalOf({ url, rawHeaders }: IncomingMessage): ProblemError | undefined {
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === "host").length;
  if (hosts === 0) return new ProblemError("request.unreadable", "it has no Host header");
  if (hosts > 1) return new ProblemError("request.unreadable", `it has ${hosts} Host headers`);
  return url?.startsWith("/") ? undefined : new ProblemError("request.unreadable", "its target is not a path");
}

/** A fault of the connection as what is wrong with the request. */
function toProblem({ code }: NodeJS.ErrnoException): ProblemError {
  if (code === "HPE_HEADER_OVERFLOW") return new ProblemError("request.head_too_large");
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return new ProblemError("request.timeout");
  return new ProblemError("request.unreadable");
}

/**
 * An HTTP server over the app. What is no request that the app could judge (headers that are too large, no Host header or several,
 * a target that is no path, bytes that are no HTTP, a request that does not come to its end) is answered by a problem document,
 * too, and the connection closed. It bounds its connections and the bytes of bodies that it waits for. Listens to nothing yet.
 */
export function createHttpServer(
  fetch: (request: Request, from: { readonly remoteAddress: string | undefined }) => Response | Promise<Response>,
  now: () => Date,
  { mostConnections = MOST_CONNECTIONS, mostBytes = MOST_BYTES }: ServerLimits = {},
): Server {
  const answer = (error: ProblemError) =>
    problemResponse(error, newId("request", now()), { connection: "close", "cache-control": "no-store" });
  const serve = getRequestListener(
    (request, { incoming }) => fetch(request, { remoteAddress: incoming.socket.remoteAddress }),
    {
      errorHandler: (error) =>
        answer(new ProblemError(error instanceof RequestError ? "request.unreadable" : "service.internal")),
    },
  );
  // Node would answer a missing Host header by itself, without a word.
  let bytes = 0;
  /** Takes on the bytes that a request announces, until it is answered or gone. */
  function takeOn(incoming: IncomingMessage, outgoing: ServerResponse): ProblemError | undefined {
    const own = announced(incoming);
    if (bytes + own > mostBytes) return new ProblemError("service.unavailable", "too many bodies are on their way");
    bytes += own;
    outgoing.once("close", () => {
      bytes -= own;
    });
    return undefined;
  }
  const limits = {
    requireHostHeader: false,
    requestTimeout: REQUEST_MILLISECONDS,
    headersTimeout: HEADERS_MILLISECONDS,
  };
  const server = createServer(limits, async (incoming, outgoing) => {
    const refusal = refusalOf(incoming) ?? takeOn(incoming, outgoing);
    if (refusal === undefined) return void serve(incoming, outgoing);
    const response = answer(refusal);
    outgoing.statusCode = response.status;
    outgoing.setHeaders(response.headers).end(await response.text());
  });
  server.maxConnections = mostConnections;
  // Node would answer the first without a word, and the second not at all.
  server.on("checkExpectation", async ({ headers: { expect } }: IncomingMessage, outgoing: ServerResponse) => {
    const response = answer(
      new ProblemError("request.unreadable", `it expects ${JSON.stringify(expect)}, which is not known`),
    );
    outgoing.statusCode = response.status;
    outgoing.setHeaders(response.headers).end(await response.text());
  });
  server.on("connect", (_, socket) => {
    // Nobody else listens to what goes wrong with it any more.
    socket.on("error", () => socket.destroy());
    return refuseOn(socket, new ProblemError("request.unreadable", "this is no proxy"));
  });
  server.on("clientError", (error, socket) => refuseOn(socket, toProblem(error)));

  async function refuseOn(socket: Duplex, error: ProblemError): Promise<void> {
    const response = answer(error);
    const body = await response.text();
    const headers = { ...Object.fromEntries(response.headers), "content-length": Buffer.byteLength(body) };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const head = [`HTTP/1.1 ${response.status} ${STATUS_CODES[response.status]}`, ...lines].join("\r\n");
    if (socket.writable) socket.end(`${head}\r\n\r\n${body}`);
    else socket.destroy();
  }
  return server;
}
