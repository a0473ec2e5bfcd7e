import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface BusEntry {
  readonly EventBusName: string;
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
}

/** A stand-in for EventBridge: takes what is put on it, or refuses all of it. */
export interface EventBus {
  readonly url: string;
  readonly entries: BusEntry[];
  refuses: boolean;
  stop(): Promise<void>;
}

export async function startEventBus(): Promise<EventBus> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { Entries } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly Entries: readonly BusEntry[] };
    if (!bus.refuses) bus.entries.push(...Entries);
    const answers = Entries.map((_, n) => (bus.refuses ? { ErrorCode: "InternalFailure" } : { EventId: String(n) }));
    response.writeHead(200, { "content-type": "application/x-amz-json-1.1" });
    response.end(JSON.stringify({ FailedEntryCount: bus.refuses ? Entries.length : 0, Entries: answers }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bus: EventBus = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    entries: [],
    refuses: false,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return bus;
}
