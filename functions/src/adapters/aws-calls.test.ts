import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SSMClient } from "@aws-sdk/client-ssm";
import { TargetError } from "@cadastre/collectors/endpoints/targets";
import type { ChangeEntry } from "@cadastre/contract/changes";
import { afterEach, describe, expect, test } from "vitest";
import { createEventBus, createTriggerPublisher } from "./event-bridge.ts";
import { readTargets } from "./parameters.ts";

interface Received {
  readonly operation: string;
  // biome-ignore lint/suspicious/noExplicitAny: requests of several operations.
  readonly body: any;
}

let server: Server | undefined;
afterEach(() => void server?.close());

/** An AWS service that speaks JSON: answers each request by the function, and keeps what it received. */
async function aService(answer: (received: Received) => object) {
  const received: Received[] = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const operation = String(request.headers["x-amz-target"]).split(".").at(-1) ?? "";
    const one = { operation, body: JSON.parse(Buffer.concat(chunks).toString()) };
    received.push(one);
    response.writeHead(200, { "content-type": "application/x-amz-json-1.1", connection: "close" });
    response.end(JSON.stringify(answer(one)));
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  return { received, settings: { endpoint, region: "eu-west-1", credentials } };
}

const aTrigger = (n: number) => ({
  id: `trg_${n}`,
  collector: `col_${n}`,
  name: `aws-${n}`,
  requestedAt: "2026-03-01T00:00:00.000Z",
  requestedBy: "user:usr_1",
});

describe("triggers", () => {
  test("are events on the bus, at most ten at once, with the name that rules match", async () => {
    const { received, settings } = await aService(({ body }) => ({
      FailedEntryCount: 0,
      Entries: body.Entries.map(() => ({ EventId: "e" })),
    }));
    const publish = createTriggerPublisher({ client: new EventBridgeClient(settings), busName: "bus" });
    await publish(Array.from({ length: 12 }, (_, n) => aTrigger(n)));
    expect(received.map(({ body }) => body.Entries.length)).toEqual([10, 2]);
    const [entry] = received[0]?.body.Entries ?? [];
    expect(entry).toMatchObject({ EventBusName: "bus", Source: "cadastre", DetailType: "discovery.trigger" });
    expect(JSON.parse(entry.Detail)).toMatchObject({ name: "aws-0", collector: "col_0" });
  });

  test("that the bus refused are an error that counts them", async () => {
    const { settings } = await aService(() => ({
      FailedEntryCount: 1,
      Entries: [{ EventId: "e" }, { ErrorCode: "ThrottlingException" }],
    }));
    const publish = createTriggerPublisher({ client: new EventBridgeClient(settings), busName: "bus" });
    await expect(publish([aTrigger(1), aTrigger(2)])).rejects.toThrow("refused 1 of 2 triggers: ThrottlingException");
  });
});

const aChange = (n: number, changes: ChangeEntry["changes"] = []): ChangeEntry => ({
  id: `id-${n}`,
  at: "2026-03-01T00:00:00.000Z",
  type: "updated",
  subject: { type: "account", id: `aws/${n}`, key: `aws/${n}` },
  actor: "system",
  changes,
});

describe("changes", () => {
  async function aBus(refuse: (subject: string) => boolean = () => false) {
    const { received, settings } = await aService(({ body }) => ({
      Entries: body.Entries.map(({ Detail }: { Detail: string }) =>
        refuse(JSON.parse(Detail).subject.id) ? { ErrorCode: "InternalFailure" } : { EventId: "e" },
      ),
    }));
    const bus = createEventBus({ client: new EventBridgeClient({ ...settings, maxAttempts: 1 }), busName: "bus" });
    return { bus, received, entries: () => received.flatMap(({ body }) => body.Entries) };
  }

  test("are events on the bus as the API shows them, with the time of the change, in their order", async () => {
    const { bus, received, entries } = await aBus();
    const changes = Array.from({ length: 10 }, (_, n) => aChange(n, [{ path: "owner", before: "a", after: "b" }]));
    await bus.together?.handle(changes);
    await bus.handle(aChange(10));
    expect(received.map(({ body }) => body.Entries.length)).toEqual([10, 1]);
    expect(entries()[0]).toMatchObject({ EventBusName: "bus", Source: "cadastre", DetailType: "Cadastre change" });
    expect(entries()[0].Time).toBe(Date.parse("2026-03-01T00:00:00.000Z") / 1000);
    expect(entries().map(({ Detail }) => JSON.parse(Detail))).toEqual([...changes, aChange(10)]);
  });

  test("that are larger than an event may be are told without their values, and say so", async () => {
    const { bus, entries } = await aBus();
    const values = (length: number) => [{ path: "tags", before: "", after: "é".repeat(length) }];
    await bus.handle(aChange(1, values(150_000)));
    await bus.handle(aChange(2, values(100_000)));
    const [large, small] = entries().map(({ Detail }) => JSON.parse(Detail));
    expect(large).toEqual({ ...aChange(1), changesOmitted: true });
    expect(small).toEqual(aChange(2, values(100_000)));
  });

  test("go in as many requests as their size asks for", async () => {
    const { bus, received, entries } = await aBus();
    const values = [{ path: "tags", before: "", after: "x".repeat(100_000) }];
    await bus.together?.handle(Array.from({ length: 5 }, (_, n) => aChange(n, values)));
    expect(received.map(({ body }) => body.Entries.length)).toEqual([2, 2, 1]);
    expect(entries().map(({ Detail }) => JSON.parse(Detail).id)).toEqual([0, 1, 2, 3, 4].map((n) => `id-${n}`));
  });

  test("that the bus did not take, some or all, are refused", async () => {
    const { bus } = await aBus((subject) => subject === "aws/3");
    await bus.together?.handle([aChange(1), aChange(2)]);
    await expect(bus.together?.handle([aChange(2), aChange(3)])).rejects.toMatchObject({
      code: "service.unavailable",
      message: "the event bus refused 1 of 2 changes: InternalFailure",
    });
    await expect(bus.handle(aChange(3))).rejects.toMatchObject({ code: "service.unavailable" });
    server?.close();
    await expect(bus.handle(aChange(1))).rejects.toMatchObject({ code: "service.unavailable" });
  });
});

describe("targets in parameters", () => {
  const pages = (...values: readonly (readonly string[])[]) =>
    aService(({ body }) => {
      const page = Number(body.NextToken ?? 0);
      const Parameters = (values[page] ?? []).map((Value, n) => ({ Name: `/t/${page}-${n}`, Value }));
      return { Parameters, ...(page + 1 < values.length ? { NextToken: String(page + 1) } : {}) };
    });
  const read = (settings: object) => readTargets({ client: new SSMClient(settings), path: "/t" });

  test("are read over all pages, also empty ones, and a target that is there twice is one", async () => {
    const { received, settings } = await pages(
      ["a.example:443\n# more\nb.example"],
      [],
      ["a.example", "c.example:8443"],
    );
    const names = (await read(settings)).map(({ name }) => name);
    expect(names).toEqual(["a.example:443", "b.example:443", "c.example:8443"]);
    expect(received.map(({ operation, body }) => [operation, body.Path, body.Recursive])).toEqual(
      Array(3).fill(["GetParametersByPath", "/t", true]),
    );
  });

  test("that cannot be read are named by parameter and line", async () => {
    const { settings } = await pages(["a.example\nb c"], ["d.example:0"]);
    const error = (await read(settings).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toBeInstanceOf(TargetError);
    expect(error.message).toMatch(/parameter \/t\/0-0: line 2: .+\nparameter \/t\/1-0: line 1: /);
  });

  test("that are nowhere are an error, not an empty success", async () => {
    const { settings } = await pages([]);
    await expect(read(settings)).rejects.toThrow("no parameter under /t names a target");
  });
});
