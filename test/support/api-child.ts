import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createApp } from "@cadastre/api/app";
import { createFileAssets } from "@cadastre/api/assets";
import { CollectorKeyItem } from "@cadastre/core/access/items";
import { registerCollector } from "@cadastre/core/access/register-collector";
import {
  type Context,
  DEFAULT_HOLD_POLICY,
  DEFAULT_RETENTION_DAYS,
  FIRST_ORGANIZATION,
  systemActor,
} from "@cadastre/core/context";
import { openSqliteTable } from "@cadastre/store/sqlite";
import { serve } from "@hono/node-server";
import type { Arm, ChildAnswer, ChildOptions } from "./api-process.ts";
import { tableWith } from "./table-with.ts";

/*
 * The API over a SQLite file as a process of its own. It ends as it is told to: by SIGKILL, from within, before or after a
 * certain one of its writes, so that a test need not be lucky to hit it.
 */
const { directory, port, collectors } = JSON.parse(process.argv[2] ?? "") as ChildOptions;
const now = () => new Date();
const table = openSqliteTable({ path: join(directory, "cadastre.db"), now });
let arm: Arm | undefined;
let writes = 0;

async function write<T>(work: () => Promise<T>): Promise<T> {
  writes++;
  const dies = writes === arm?.write;
  if (dies && arm?.when === "before") process.kill(process.pid, "SIGKILL");
  const done = await work();
  if (dies) process.kill(process.pid, "SIGKILL");
  return done;
}

const context: Context = {
  table: tableWith(table, {
    commit: (all) => write(() => table.commit(all)),
    load: (all) => (all.length === 0 ? Promise.resolve() : write(() => table.load(all))),
  }),
  organization: FIRST_ORGANIZATION,
  now,
  holdPolicy: DEFAULT_HOLD_POLICY,
  retentionDays: DEFAULT_RETENTION_DAYS,
};

for (const { name, providers, publicKey, fingerprint } of collectors) {
  if (await table.get(CollectorKeyItem, { fingerprint })) continue;
  const actor = systemActor("test");
  await registerCollector(
    context,
    actor,
    { name, providers: [...providers], accounts: ["*"], publicKey },
    { approved: true },
  );
}
const app = createApp({
  context,
  assets: createFileAssets(),
  log: (line) => line.level !== "info" && process.stderr.write(`${JSON.stringify(line)}\n`),
  publishTriggers: async () => undefined,
});

const tell = (answer: ChildAnswer) => process.send?.(answer);
process.on("message", (message: Arm | "measure") => {
  if (message !== "measure") {
    arm = message;
    writes = 0;
    return tell({ armed: true });
  }
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return tell({ heapBytes: heapUsed, arrayBytes: external });
});
process.on("disconnect", () => process.exit());
serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, (address: AddressInfo) => tell({ port: address.port }));
