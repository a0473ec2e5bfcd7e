import { join } from "node:path";
import { importSettings, PART_BYTES } from "@cadastre/contract/addresses/import";
import { exportSpace } from "@cadastre/core/addresses/exports/export-space";
import { getImport } from "@cadastre/core/addresses/imports/imports";
import { importAddresses } from "@cadastre/core/addresses/imports/job";
import { createImport, uploadPart } from "@cadastre/core/addresses/imports/start";
import { aSpace } from "@cadastre/core/addresses/testing";
import {
  type Context,
  DEFAULT_HOLD_POLICY,
  DEFAULT_RETENTION_DAYS,
  FIRST_ORGANIZATION,
  systemActor,
} from "@cadastre/core/context";
import { runDueJobs } from "@cadastre/core/jobs/run-due";
import { openSqliteTable } from "@cadastre/store/sqlite";
import { serveCalls } from "./calls.ts";
import { beginGauge } from "./gauge.ts";

/* An import of a file over a store file and its export, in a process of its own, as jobs do them. */

const ACTOR = systemActor("bench");
const HOSTS = 256;
const HOURS = 3_600_000;
const now = () => new Date();

/** Subnets of one network, each with all of its addresses. */
function aFile(rows: number): Buffer {
  const lines = ["prefix,name,description,status,owner", "10.0.0.0/8,all,,container,"];
  for (let n = 0; lines.length <= rows; n++) {
    const subnet = `10.${n >> 8}.${n & 255}`;
    lines.push(`${subnet}.0/24,net ${n},,active,team-${n % 7}`);
    for (let host = 0; host < HOSTS && lines.length <= rows; host++)
      lines.push(`${subnet}.${host},host-${n}-${host},a machine of ours,active,team-${host % 7}`);
  }
  return Buffer.from(`${lines.join("\n")}\n`);
}

const handlers = {
  async importAndExport({ directory, rows }: { directory: string; rows: number }) {
    const context: Context = {
      table: openSqliteTable({ path: join(directory, `${rows}.db`), now }),
      organization: FIRST_ORGANIZATION,
      now,
      holdPolicy: DEFAULT_HOLD_POLICY,
      retentionDays: DEFAULT_RETENTION_DAYS,
    };
    const space = await aSpace(context);
    const file = aFile(rows);
    const part = (n: number) => ({ bytes: file.subarray((n - 1) * PART_BYTES, n * PART_BYTES), isGzip: false });
    const gauge = beginGauge();
    const { units, result } = await context.table.meter.measure(async () => {
      const parts = Math.ceil(file.length / PART_BYTES);
      const settings = { ...importSettings.parse({}), parts };
      const { id } = await createImport(context, ACTOR, space, settings, { file: part(1), clock: now });
      for (let n = 2; n <= parts; n++) await uploadPart(context, ACTOR, space, id, { part: n, file: part(n) });
      await runDueJobs(context, [importAddresses], { until: new Date(Date.now() + HOURS) });
      return getImport(context, space, id);
    });
    const imported = gauge();
    if (result.counts.create !== rows) throw new Error(`${result.state}: ${result.counts.create} of ${rows} rows`);
    const ending = beginGauge();
    for await (const piece of await exportSpace(context, space, { format: "csv" }))
      if (piece.length === 0) throw new Error("a piece of nothing");
    const exported = ending();
    await context.table.close();
    return { imported, exported, units };
  },
};

export type ImportHandlers = typeof handlers;

serveCalls(handlers);
