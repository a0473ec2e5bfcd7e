import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

export interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Stub {
  readonly baseUrl: string;
  readonly received: Received[];
  /** What is answered next, in order; then an empty 200. */
  readonly answers: Answer[];
  close(): Promise<void>;
}

/** A real HTTP server that answers what a test tells it and notes what it was asked. */
export async function startStub(): Promise<Stub> {
  const received: Received[] = [];
  const answers: Answer[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    received.push({ method: request.method ?? "", path: request.url ?? "", headers: request.headers, body });
    const { status = 200, type = "application/json", body: out, headers } = answers.shift() ?? {};
    const sent = out === undefined ? "" : typeof out === "string" ? out : JSON.stringify(out);
    response.writeHead(status, { "content-type": type, location: "http://127.0.0.1:1/", ...headers }).end(sent);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
