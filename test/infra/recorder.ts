import { createServer, request as forward, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface CallRecorder {
  readonly url: string;
  /** The calls so far, as IAM names what allows them (`dynamodb:PutItem`), without repeats, in order. */
  actions(): string[];
  stop(): Promise<void>;
}

/** What a transaction's items need, each by itself: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html */
const TRANSACTION_ITEMS = {
  Put: "PutItem",
  Update: "UpdateItem",
  Delete: "DeleteItem",
  ConditionCheck: "ConditionCheckItem",
};

function operationsOf({ headers, method }: IncomingMessage, body: string): string[] {
  // What S3 is asked is said by the method.
  if (method === "PUT") return ["PutObject"];
  const target = headers["x-amz-target"];
  const operation = target === undefined ? new URLSearchParams(body).get("Action") : String(target).split(".").at(-1);
  if (operation !== "TransactWriteItems") return [operation ?? "unknown"];
  const { TransactItems } = JSON.parse(body) as { readonly TransactItems: readonly object[] };
  return Object.entries(TRANSACTION_ITEMS).flatMap(([item, action]) =>
    TransactItems.some((one) => item in one) ? [action] : [],
  );
}

/** A proxy in front of an AWS endpoint that notes which calls are made. */
export async function startCallRecorder(endpoint: string): Promise<CallRecorder> {
  const { hostname, port } = new URL(endpoint);
  const seen = new Set<string>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const service = /Credential=[^/]+\/[^/]+\/[^/]+\/([^/]+)\//.exec(request.headers.authorization ?? "")?.[1];
    for (const operation of operationsOf(request, body.toString())) seen.add(`${service}:${operation}`);
    const { method, url: path, headers } = request;
    const onward = forward({ hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.once("error", () => response.destroy());
    onward.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    actions: () => [...seen].sort(),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
