import { createServer, type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import { problemResponse } from "@cadastre/api/problem";
import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { getRequestListener, RequestError } from "@hono/node-server";

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
 * too, and the connection closed. Listens to nothing yet.
 */
export function createHttpServer(
  fetch: (request: Request, from: { readonly remoteAddress: string | undefined }) => Response | Promise<Response>,
  now: () => Date,
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
  const server = createServer({ requireHostHeader: false }, async (incoming, outgoing) => {
    const refusal = refusalOf(incoming);
    if (refusal === undefined) return void serve(incoming, outgoing);
    const response = answer(refusal);
    outgoing.statusCode = response.status;
    outgoing.setHeaders(response.headers).end(await response.text());
  });
  server.on("clientError", async (error, socket) => {
    const response = answer(toProblem(error));
    const body = await response.text();
    const headers = { ...Object.fromEntries(response.headers), "content-length": Buffer.byteLength(body) };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const head = [`HTTP/1.1 ${response.status} ${STATUS_CODES[response.status]}`, ...lines].join("\r\n");
    if (socket.writable) socket.end(`${head}\r\n\r\n${body}`);
    else socket.destroy();
  });
  return server;
}
