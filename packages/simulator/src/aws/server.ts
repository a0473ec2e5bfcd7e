import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { AwsEstate } from "../estate-aws.ts";
import type { Faults } from "../faults.ts";
import { createRequestCounts, type RequestCounts } from "./request-counts.ts";
import { type AwsRequest, createResponder, type Outcome } from "./respond.ts";

export interface AwsSimulator {
  /** What `AWS_ENDPOINT_URL` is set to. */
  readonly url: string;
  readonly estate: AwsEstate;
  readonly requests: RequestCounts;
  /** Closes every connection, also of requests that hang. */
  stop(): Promise<void>;
}

export interface AwsSimulatorOptions {
  readonly estate: AwsEstate;
  readonly faults: Faults;
  /** Default 0: any free port. It listens on 127.0.0.1 alone. */
  readonly port?: number;
}

const bodyLimitBytes = 1_048_576;

/** Serves EC2, STS, Organizations and KMS at one address; real SDK clients reach it through AWS_ENDPOINT_URL. */
export async function startAwsSimulator({ estate, faults, port = 0 }: AwsSimulatorOptions): Promise<AwsSimulator> {
  const requests = createRequestCounts();
  const respond = createResponder({ estate, faults, onRequest: (facts) => requests.add(facts) });
  const server = createServer((request, response) => {
    void serve(request, response, respond);
  });
  // Clients keep connections open between pages for as long as they like.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    estate,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  respond: (request: AwsRequest) => Outcome,
): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) {
    response.writeHead(413).end();
    return;
  }
  const outcome = respond({
    method: request.method ?? "",
    headers: request.headers,
    query: queryOf(request.url),
    body,
  });
  if (outcome === "hang") return;
  if (outcome === "reset") {
    request.socket.destroy();
    return;
  }
  const content = Buffer.from(outcome.body, "utf8");
  response
    .writeHead(outcome.status, {
      "content-type": outcome.contentType,
      "content-length": content.byteLength,
      ...outcome.headers,
    })
    .end(content);
}

const queryOf = (url = ""): string => url.slice(url.indexOf("?") + 1 || url.length);

/** The body as text; undefined when it is too large or the client went away. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.byteLength;
      if (size > bodyLimitBytes) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString("utf8");
}
