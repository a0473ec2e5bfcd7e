import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Lambda } from "./lambda.ts";

/** Text as an HTTP API counts it, by the type alone: handed on as UTF-8, whatever it is. All else is handed on in base64. */
const TEXT = /^(text\/.*|application\/(json|xml|javascript))(\s*;.*)?$/i;

interface Answer {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

export interface HttpApi {
  readonly url: string;
  stop(): Promise<void>;
}

/** Routes as an HTTP API has them: `$default`, and others by method and path (`POST /a/{id}/b`). */
export type Routes = Readonly<Record<string, Lambda>>;

function routeOf(routes: Routes, method: string, path: string): Lambda {
  for (const [key, lambda] of Object.entries(routes)) {
    const [wanted, pattern] = key.split(" ");
    if (pattern === undefined || wanted !== method) continue;
    if (new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path)) return lambda;
  }
  return routes.$default as Lambda;
}

/** A request as an event of payload format 2.0. The path is decoded, which is what an HTTP API does. */
async function toEvent(request: IncomingMessage): Promise<{ event: object; path: string }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const [rawPath = "", rawQueryString = ""] = (request.url ?? "").split("?");
  const path = decodeURIComponent(rawPath);
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const isText = TEXT.test(headers["content-type"] ?? "");
  const event = {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString,
    headers,
    requestContext: {
      domainName: headers.host,
      requestId: "gateway-1",
      stage: "$default",
      http: { method: request.method, path, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "test" },
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? "utf8" : "base64") }),
    isBase64Encoded: body.length > 0 && !isText,
  };
  return { event, path };
}

async function serve(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { event, path } = await toEvent(request);
  const answer = (await routeOf(routes, request.method ?? "", path).invoke(event)) as Answer;
  response.writeHead(answer.statusCode, answer.headers);
  response.end(Buffer.from(answer.body ?? "", answer.isBase64Encoded ? "base64" : "utf8"));
}

/** An HTTP API on loopback in front of packed functions. */
export async function startHttpApi(routes: Routes): Promise<HttpApi> {
  const server = createServer((request, response) => {
    serve(routes, request, response).catch((error: Error) => {
      response.writeHead(500, { "content-type": "application/json" });
      response.end(JSON.stringify({ message: "Internal Server Error", cause: error.message }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
