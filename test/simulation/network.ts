import { currentProcess, type Process, type Scheduler, StrayError } from "./scheduler.ts";
import { whenAborted } from "./timeouts.ts";

/** One arrival of a message at an instance of the API. */
export interface Delivery {
  /** Given by the gateway; audit records and log lines have it. */
  readonly requestId: string;
  /** The same for all deliveries of one message. */
  readonly message: number;
  readonly caller: string;
  readonly method: string;
  readonly path: string;
  readonly nonce: string | undefined;
  readonly keyId: string | undefined;
  readonly token: string | undefined;
  /** Name of what an operator asked for with it. */
  readonly asked: string | undefined;
  readonly sentAtStep: number;
  readonly receivedAtStep: number;
  /** What was sent, as it was. */
  readonly body: unknown;
  status: number | undefined;
  code: string | undefined;
  /** The answer's body, parsed, where there was one. */
  answer: unknown;
  endedAtStep: number | undefined;
  /** Faults of the table or the vault while it was worked on: soft ones are retried, hard ones are not to be hidden. */
  faults: { soft: number; hard: number };
}

export interface Instance {
  readonly process: Process;
  handle(request: Request): Promise<Response>;
  /** Faults so far. */
  readonly faults: { soft: number; hard: number };
  readonly connections: Set<Connection>;
}

interface Connection {
  readonly caller: Process;
  readonly fail: (error: Error) => void;
}

interface Answer {
  readonly status: number;
  readonly headers: [string, string][];
  readonly text: string;
}

const CLIENT_DELAY = "the network";
/** How late a message that is doubled may come again. */
const MOST_LATE_MILLISECONDS = 40 * 60_000;

export type Network = ReturnType<typeof createNetwork>;

/** Between callers and instances of the API: messages are late, lost, doubled and overtake each other. */
export function createNetwork({
  scheduler,
  instances,
  realm,
}: {
  scheduler: Scheduler;
  instances: () => readonly Instance[];
  /** Goes before its requests' ids. */
  realm: string;
}) {
  const deliveries: Delivery[] = [];
  let messages = 0;

  function deliver(
    message: number,
    sentAtStep: number,
    request: () => Request,
    body: unknown,
    caller: Process,
    answered: (answer: Answer) => void,
    fail: (error: Error) => void,
    late = 0,
  ): void {
    const up = instances().filter(({ process }) => process.alive);
    const instance = up.length === 0 ? undefined : up[Math.floor(caller.random.next() * up.length)];
    if (instance === undefined || scheduler.isFaulty("net-refused")) {
      scheduler.at(caller, 1 + late, "refused", () => fail(new TypeError("fetch failed: connection refused")));
      return;
    }
    const connection: Connection = { caller, fail };
    instance.connections.add(connection);
    scheduler.at(instance.process, late + scheduler.delayOf(caller, "request"), "request", () => {
      const sent = request();
      const url = new URL(sent.url);
      const signature = sent.headers.get("signature-input") ?? "";
      const delivery: Delivery = {
        requestId: sent.headers.get("x-request-id") as string,
        message,
        caller: caller.name,
        method: sent.method,
        path: `${url.pathname}${url.search}`,
        nonce: /nonce="([^"]*)"/.exec(signature)?.[1],
        keyId: /keyid="([^"]*)"/.exec(signature)?.[1],
        token: sent.headers.get("authorization")?.replace("Bearer ", ""),
        asked: sent.headers.get("x-asked") ?? undefined,
        sentAtStep,
        receivedAtStep: scheduler.steps,
        body,
        status: undefined,
        code: undefined,
        answer: undefined,
        endedAtStep: undefined,
        faults: { soft: 0, hard: 0 },
      };
      deliveries.push(delivery);
      void work(instance, sent, delivery).then((answer) => {
        instance.connections.delete(connection);
        if (scheduler.isFaulty("net-answer-lost")) return;
        scheduler.at(
          caller,
          scheduler.delayOf(instance.process, "answer"),
          `answer ${answer.status} ${delivery.code ?? ""}`,
          () => answered(answer),
        );
      });
    });
  }

  async function work(instance: Instance, request: Request, delivery: Delivery): Promise<Answer> {
    const { soft, hard } = instance.faults;
    const response = await instance.handle(request);
    const text = await response.text();
    delivery.faults = { soft: instance.faults.soft - soft, hard: instance.faults.hard - hard };
    delivery.status = response.status;
    delivery.endedAtStep = scheduler.steps;
    if (text.startsWith("{")) delivery.answer = JSON.parse(text);
    if (response.status >= 400) delivery.code = (delivery.answer as { code?: string } | undefined)?.code;
    return { status: response.status, headers: [...response.headers], text };
  }

  /** `fetch` for the process that calls it. */
  async function fetch(input: string, init: RequestInit = {}): Promise<Response> {
    const caller = currentProcess();
    if (caller === undefined) throw new StrayError("fetch outside of every event");
    await scheduler.turn(CLIENT_DELAY, { mayDie: "caller-kill" });
    const message = messages++;
    const sentAtStep = scheduler.steps;
    const { signal, body, ...rest } = init;
    let copies = 0;
    const request = () => {
      const headers = new Headers(init.headers);
      headers.set("x-request-id", `sim-${realm}${message}-${copies++}-${"0".repeat(8)}`);
      return new Request(input, { ...rest, headers, ...(body == null ? {} : { body }) });
    };
    let stop = () => {};
    const answer = await new Promise<Answer>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (signal) stop = whenAborted(signal, () => reject(signal.reason));
      if (scheduler.isFaulty("net-lost")) return;
      deliver(message, sentAtStep, request, body, caller, resolve, reject);
      if (scheduler.isFaulty("net-double")) {
        const late = caller.random.chance(0.5) ? 0 : caller.random.next() * MOST_LATE_MILLISECONDS;
        deliver(message, sentAtStep, request, body, caller, resolve, reject, late);
      }
    }).finally(() => stop());
    return new Response(answer.status === 204 ? null : answer.text, { status: answer.status, headers: answer.headers });
  }

  return { fetch: fetch as unknown as typeof globalThis.fetch, deliveries: deliveries as readonly Delivery[] };
}

/** Those that an instance was talking to learn that it is gone. */
export function resetConnections(scheduler: Scheduler, { connections }: Instance): void {
  for (const { caller, fail } of connections) {
    scheduler.at(caller, 2, "connection reset", () => fail(new TypeError("fetch failed: connection reset")));
  }
  connections.clear();
}
