import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** What the proxy knows of a request: DynamoDB's operation, its input, and the way to pass it on, as it is or changed. */
export interface Passing {
  readonly operation: string;
  readonly input: Record<string, unknown>;
  readonly forward: (input?: Record<string, unknown>) => Promise<Answer>;
}

/** Answers a request in the engine's place, or cuts the connection with "drop". */
export type Fault = (passing: Passing) => Promise<Answer | "drop">;

export interface FaultProxy {
  readonly endpoint: string;
  readonly stop: () => Promise<void>;
}

async function send(endpoint: string, operation: string, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": operation,
      authorization:
        "AWS4-HMAC-SHA256 Credential=local/20300101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
      "x-amz-date": "20300101T000000Z",
    };
    const outgoing = request(endpoint, { method: "POST", headers, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (part: string) => {
        text += part;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 500, body: JSON.parse(text) }));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** DynamoDB's answer for an error of this name. */
export function anError(name: string, members: Record<string, unknown> = {}): Answer {
  return { status: 400, body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: name, ...members } };
}

/** A proxy between the SDK and a real engine that does what `fault` says to every request. */
export async function startFaultProxy(endpoint: string, fault: Fault): Promise<FaultProxy> {
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", async () => {
      const target = String(incoming.headers["x-amz-target"]);
      const input = JSON.parse(Buffer.concat(parts).toString());
      const forward = (changed = input) => send(endpoint, target, JSON.stringify(changed));
      const answer = await fault({ operation: target.split(".")[1] ?? "", input, forward });
      if (answer === "drop") return void incoming.socket.destroy();
      outgoing.writeHead(answer.status, { "content-type": "application/x-amz-json-1.0" });
      outgoing.end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}
