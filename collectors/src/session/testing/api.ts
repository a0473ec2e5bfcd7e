import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createApp } from "@cadastre/api/app";
import { createFileAssets } from "@cadastre/api/assets";
import type { PublicKey } from "@cadastre/contract/keys";
import type { ScopeKey } from "@cadastre/contract/scope";
import { bootstrapAdminToken } from "@cadastre/core/access/bootstrap";
import { type Context, DEFAULT_HOLD_POLICY, DEFAULT_RETENTION_DAYS, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { openSqliteTable } from "@cadastre/store/sqlite";
import type { Table } from "@cadastre/store/table";
import { type ServerType, serve } from "@hono/node-server";
import { ACCOUNT } from "./builders.ts";
import { createGateway, type Fault, type Gateway, type Seen } from "./gateway.ts";

/** What goes wrong, until it is set to something else. */
export interface Faults {
  /** Asked for each request of a collector. */
  request: (request: Seen, body: Uint8Array) => Fault | undefined;
  /** Asked before each commit of the table; what it answers is thrown instead. */
  commit: () => Error | undefined;
}

type App = ReturnType<typeof createApp>;

export interface TestApi extends Pick<Gateway, "seen" | "delivered"> {
  readonly url: string;
  readonly faults: Faults;
  /** A collector under a name of its own, approved unless it is to wait; answers its id. */
  register(key: PublicKey, more?: { accounts?: readonly string[]; approved?: boolean }): Promise<string>;
  approve(collector: string): Promise<void>;
  /** Natural ids of the active resources, of one scope or of all. */
  registered(scope?: ScopeKey): Promise<string[]>;
  /** What an operator asks, by any of the API's routes. */
  ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Ends the server; `up` starts it again at the same address, over the same table. */
  down(): Promise<void>;
  up(): Promise<void>;
  end(): Promise<void>;
}

/** The real API over a table, one in memory unless another is given, on loopback, with what may go wrong around it. Losses are not held. */
export async function startApi(options: {
  readonly now: () => Date;
  readonly key?: PublicKey;
  readonly table?: Table;
}): Promise<TestApi> {
  const { now, key } = options;
  const faults: Faults = { request: () => undefined, commit: () => undefined };
  const table = options.table ?? openSqliteTable({ path: ":memory:", now, durable: false });
  const context: Context = {
    table: refusing(table, faults),
    organization: FIRST_ORGANIZATION,
    now,
    holdPolicy: { ...DEFAULT_HOLD_POLICY, share: 1 },
    retentionDays: DEFAULT_RETENTION_DAYS,
  };
  const { secret = "" } = await bootstrapAdminToken(context);
  const app = createApp({
    context,
    assets: createFileAssets(),
    log: () => undefined,
    publishTriggers: async () => undefined,
  });
  const gateway = createGateway({
    api: (request) => app.fetch(request),
    fault: (request, body) => faults.request(request, body),
  });
  const server = createServer(gateway);
  const operator = createOperator(app, secret);
  if (key) await operator.register(key);
  const port = await server.listen(0);
  return {
    url: `http://127.0.0.1:${port}`,
    faults,
    seen: gateway.seen,
    delivered: gateway.delivered,
    ...operator,
    down: server.close,
    async up() {
      await server.listen(port);
    },
    async end() {
      await server.close();
      await table.close();
    },
  };
}

function refusing(table: Table, faults: Faults): Table {
  async function commit(...all: Parameters<Table["commit"]>): Promise<void> {
    const refused = faults.commit();
    if (refused) throw refused;
    await table.commit(...all);
  }
  return new Proxy(table, { get: (of, name) => (name === "commit" ? commit : Reflect.get(of, name)) });
}

function createServer(gateway: Gateway) {
  let server: ServerType | undefined;
  return {
    listen: (port: number) =>
      new Promise<number>((resolve) => {
        const fetch = (request: Request, env: { incoming: unknown }) =>
          gateway.pass(request, env.incoming as IncomingMessage);
        server = serve({ fetch, port, hostname: "127.0.0.1" }, (at: AddressInfo) => resolve(at.port));
      }),
    close: () =>
      new Promise<void>((resolve) => {
        server?.close(() => resolve());
        if (server && "closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}

/** What an operator does, by the API's own routes. */
function createOperator(app: App, token: string): Pick<TestApi, "register" | "approve" | "registered" | "ask"> {
  async function ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await app.request(path, { method, headers, ...sent });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  }
  async function approve(collector: string): Promise<void> {
    await ask("POST", `/api/v1/collectors/${collector}/approve`);
  }
  return {
    ask,
    approve,
    async register(key, { accounts = [ACCOUNT], approved = true } = {}) {
      const name = `collector-${key.fingerprint.slice(0, 12)}`;
      const input = { name, providers: ["aws", "gcp"], accounts, publicKey: key.pem };
      const { id } = await ask<{ id: string }>("POST", "/api/v1/collectors", input);
      if (approved) await approve(id);
      return id;
    },
    async registered(scope) {
      const ids: string[] = [];
      let cursor: string | undefined;
      do {
        const query = new URLSearchParams({ limit: "200", ...scope, ...(cursor === undefined ? {} : { cursor }) });
        const page = await ask<{ items: { id: string }[]; cursor?: string }>(
          "GET",
          `/api/v1/resources?${query.toString()}`,
        );
        ids.push(...page.items.map(({ id }) => id));
        cursor = page.cursor;
      } while (cursor !== undefined);
      return ids;
    },
  };
}
