import { createWriteStream } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createApp } from "@cadastre/api/app";
import { createFileAssets } from "@cadastre/api/assets";
import { bootstrapAdminToken } from "@cadastre/core/access/bootstrap";
import { registerCollector } from "@cadastre/core/access/register-collector";
import {
  type Context,
  DEFAULT_HOLD_POLICY,
  DEFAULT_RETENTION_DAYS,
  FIRST_ORGANIZATION,
  systemActor,
} from "@cadastre/core/context";
import { findResources } from "@cadastre/core/register/search";
import { parseSearch } from "@cadastre/core/subjects/parse-search";
import { createDynamoTable } from "@cadastre/store/dynamo";
import { openSqliteTable } from "@cadastre/store/sqlite";
import type { Table } from "@cadastre/store/table";
import { serve } from "@hono/node-server";
import { createDynamoEngineTable } from "../support/dynamo-table.ts";
import { loadAddresses } from "./addresses.ts";
import { serveCalls } from "./calls.ts";
import { beginGauge, type Spent } from "./gauge.ts";

/* The API in a process of its own, as `npm start` and the Lambda function wire it, over one of the two engines. */

const now = () => new Date();

interface Served {
  readonly context: Context;
  readonly wire: () => { readonly bytesIn: number; readonly bytesOut: number };
}

let served: Served | undefined;
let gauge: (() => Spent) | undefined;
let before: { read: number; write: number; bytesIn: number; bytesOut: number } | undefined;

function requireServed(): Served {
  if (!served) throw new Error("not started");
  return served;
}

async function openTable(directory: string, endpoint: string | undefined): Promise<Table> {
  if (endpoint === undefined) return openSqliteTable({ path: join(directory, "cadastre.db"), now });
  const client = new DynamoDBClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const tableName = "bench";
  await createDynamoEngineTable(client, tableName);
  return createDynamoTable({ client, tableName, now });
}

/** What passes through all connections of a server, heads of requests and answers included. */
function countBytes(server: Server): Served["wire"] {
  const open = new Set<Socket>();
  let [closedIn, closedOut] = [0, 0];
  server.on("connection", (socket) => {
    open.add(socket);
    socket.on("close", () => {
      open.delete(socket);
      closedIn += socket.bytesRead;
      closedOut += socket.bytesWritten;
    });
  });
  return () => {
    let [bytesIn, bytesOut] = [closedIn, closedOut];
    for (const socket of open) {
      bytesIn += socket.bytesRead;
      bytesOut += socket.bytesWritten;
    }
    return { bytesIn, bytesOut };
  };
}

function snapshot() {
  const { context, wire } = requireServed();
  return { ...context.table.meter.units, ...wire() };
}

const handlers = {
  /** Serves over a SQLite file in the directory, or over the DynamoDB engine at `endpoint`. */
  async start({
    directory,
    endpoint,
    publicKeys,
  }: {
    directory: string;
    endpoint?: string;
    publicKeys: readonly string[];
  }): Promise<{ url: string; token: string }> {
    const context: Context = {
      table: await openTable(directory, endpoint),
      organization: FIRST_ORGANIZATION,
      now,
      holdPolicy: DEFAULT_HOLD_POLICY,
      retentionDays: DEFAULT_RETENTION_DAYS,
    };
    const { secret = "" } = await bootstrapAdminToken(context);
    for (const [at, publicKey] of publicKeys.entries()) {
      const input = { name: `bench-${at}`, providers: ["aws" as const], accounts: ["*"], publicKey };
      await registerCollector(context, systemActor("bench"), input, { approved: true });
    }
    const lines = createWriteStream(join(directory, "api.log"));
    const app = createApp({
      context,
      assets: createFileAssets(),
      log: (line) => void lines.write(`${JSON.stringify(line)}\n`),
      publishTriggers: async () => undefined,
    });
    return new Promise((resolve) => {
      const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }: AddressInfo) => {
        served = { context, wire: countBytes(server as Server) };
        resolve({ url: `http://127.0.0.1:${port}`, token: secret });
      });
    });
  },
  begin(): void {
    before = snapshot();
    gauge = beginGauge();
  },
  /** What was spent since `begin`. */
  end() {
    if (!before || !gauge) throw new Error("not begun");
    const spent = gauge();
    const after = snapshot();
    return {
      ...spent,
      units: { read: after.read - before.read, write: after.write - before.write },
      wireBytes: { in: after.bytesIn - before.bytesIn, out: after.bytesOut - before.bytesOut },
    };
  },
  load: (addresses: { from: number; to: number }) => loadAddresses(requireServed().context, addresses),
  /** Times of searches in this process, one after the other, in milliseconds. */
  async search(searches: readonly string[]): Promise<{ milliseconds: number[]; found: number }> {
    const { context } = requireServed();
    const milliseconds: number[] = [];
    let found = 0;
    for (const text of searches) {
      const started = performance.now();
      const { items } = await findResources(context, parseSearch(text, context.now()), { limit: 50 });
      milliseconds.push(performance.now() - started);
      found += items.length;
    }
    return { milliseconds, found };
  },
};

export type ApiHandlers = typeof handlers;

serveCalls(handlers);
