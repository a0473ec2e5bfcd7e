import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { leafOf } from "@cadastre/contract/audit/leaf";
import { verifyExport } from "@cadastre/contract/audit/verify-export";
import { newIdAt } from "@cadastre/contract/ids";
import { recordAs } from "@cadastre/core/audit/commit-recorded";
import { AuditOpenItem } from "@cadastre/core/audit/items";
import { listAudit } from "@cadastre/core/audit/list";
import { aContext } from "@cadastre/core/audit/testing";
import { runDueJobs } from "@cadastre/core/jobs/run-due";
import { exportAudit } from "@cadastre/core/seals/export";
import { auditSeal } from "@cadastre/core/seals/seal";
import { aSealing } from "@cadastre/core/seals/testing";
import { openSqliteTable } from "@cadastre/store/sqlite";
import type { BulkWrite } from "@cadastre/store/table";
import type { Benchmark, Figure } from "./figure.ts";
import { quantile } from "./statistics.ts";

const USERS = 2000;
const BATCH = 200;

const megabytes = (bytes: number) => bytes / 2 ** 20;

/** The most memory that the process has while something goes on, against what it had before, and the time of its processor that it took. */
async function withPeak<T>(
  work: () => Promise<T>,
): Promise<{ result: T; seconds: number; busySeconds: number; peak: number }> {
  const busy = process.cpuUsage();
  const before = process.memoryUsage().rss;
  let most = before;
  const look = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 50);
  const started = performance.now();
  try {
    const result = await work();
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(busy);
    return { result, seconds, busySeconds: (user + system) / 1e6, peak: megabytes(most - before) };
  } finally {
    clearInterval(look);
  }
}

/** The log of a SQLite file: so many records of two thousand service accounts on as many accounts, of an hour that is over. */
async function run({ isQuick, directory, say }: Parameters<Benchmark["run"]>[0]): Promise<Figure[]> {
  const records = isQuick ? 50_000 : 1_000_000;
  const context = {
    ...aContext({ table: (now) => openSqliteTable({ path: join(directory, "audit.db"), now, durable: false }) }),
    sealing: aSealing(),
  };
  const until = () => ({ until: new Date(context.now().getTime() + 86_400_000) });
  await runDueJobs(context, [auditSeal], until());
  const step = 3_600_000 / records;
  const began = context.now().getTime();
  for (let n = 0; n < records; n += BATCH) {
    const writes: BulkWrite[] = [];
    for (let at = n; at < Math.min(records, n + BATCH); at++) {
      const id = String(at % USERS).padStart(26, "0");
      const now = () => new Date(began + Math.floor(at * step));
      const who = {
        actor: { type: "service-account", id: `sva_${id}`, name: `deploy-${at % USERS}` },
        requestId: newIdAt("request", now()),
      };
      const changes = [{ path: "owner", before: "a", after: `team-${at}` }];
      const entry = { action: "account.patch" as const, target: `aws/${id}`, changes };
      for (const write of await recordAs({ ...context, now }, who, entry))
        if (write.op === "create") writes.push({ op: "put", entity: write.entity, item: write.item });
    }
    await context.table.load(writes);
  }
  say(`${records} records written`);
  context.advance(3660);
  const sealed = await withPeak(async () => {
    for (let left = true; left; ) {
      await runDueJobs(context, [auditSeal], until());
      const { items } = await context.table.query(AuditOpenItem, {
        partition: "audit-open#0",
        limit: 1,
      });
      left = items.length > 0;
    }
  });
  say(`sealed in ${sealed.seconds.toFixed(1)} s`);
  const path = join(directory, "export.jsonl");
  const file = createWriteStream(path);
  const exported = await withPeak(async () => {
    for await (const text of exportAudit(context, {}))
      if (!file.write(text)) await new Promise<void>((resolve) => file.once("drain", () => resolve()));
    file.end();
    await finished(file);
  });
  say(`exported in ${exported.seconds.toFixed(1)} s`);
  const verified = await withPeak(() =>
    verifyExport(createInterface({ input: createReadStream(path, { highWaterMark: 256 * 1024 }) }), {
      keys: [context.sealing.publicKey],
    }),
  );
  if (!verified.result.holds) throw new Error(JSON.stringify(verified.result));
  say(`verified in ${verified.seconds.toFixed(1)} s`);
  const times: number[] = [];
  for (let n = 0; n < 300; n++) {
    const id = String((n * 7919) % USERS).padStart(26, "0");
    const filter = [
      { actor: `sva_${id}` },
      { entityType: "account", entityId: `aws/${id}` },
      { action: "account.patch" },
    ][n % 3];
    const started = performance.now();
    await listAudit(context, { limit: 50, ...filter });
    times.push(performance.now() - started);
  }
  const [record] = (await listAudit(context, { limit: 1 })).items;
  const hashed = performance.now();
  for (let n = 0; n < 20_000; n++) leafOf(record as object);
  const leaves = 20_000 / ((performance.now() - hashed) / 1000);
  await context.table.close();
  return [
    { name: "records", value: records, unit: "count" },
    { name: "sealed", value: records / sealed.seconds, unit: "1/s" },
    { name: "sealed, in a second of processor time", value: records / sealed.busySeconds, unit: "1/s" },
    { name: "sealing, memory more than before", value: sealed.peak, unit: "MB" },
    { name: "exported", value: records / exported.seconds, unit: "1/s" },
    { name: "verified", value: records / verified.seconds, unit: "1/s" },
    { name: "verified, in a second of processor time", value: records / verified.busySeconds, unit: "1/s" },
    { name: "verifying, memory more than before", value: verified.peak, unit: "MB" },
    { name: "leaves hashed", value: leaves, unit: "1/s" },
    { name: "list with a filter, p50", value: quantile(times, 0.5), unit: "ms" },
    { name: "list with a filter, p95", value: quantile(times, 0.95), unit: "ms" },
  ];
}

export const audit: Benchmark = {
  name: "audit",
  about:
    "the audit log in a SQLite file: sealing all of its records, exporting and verifying them, and pages of 50 by actor, entity or action",
  run,
};
