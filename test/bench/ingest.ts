import { join } from "node:path";
import { startDynamoEngine } from "../support/dynamo-engine.ts";
import { startProcess } from "./calls.ts";
import type { CollectorHandlers } from "./collector-process.ts";
import type { BenchContext, Benchmark, Figure } from "./figure.ts";
import { aKeyPair, startApi } from "./processes.ts";
import { median } from "./statistics.ts";

const RESYNCS = 5;

interface Measured {
  readonly seconds: number;
  readonly observeSeconds: number;
  readonly apiCpuSeconds: number;
  readonly collectorCpuSeconds: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly apiPeakBytes: number;
  readonly collectorPeakBytes: number;
  readonly wireBytes: number;
}

function toFigures(name: string, runs: readonly Measured[]): Figure[] {
  const of = (pick: (run: Measured) => number) => median(runs.map(pick));
  const figure = (what: string, value: number, unit: Figure["unit"]): Figure => ({
    name: `${name}: ${what}`,
    value,
    unit,
  });
  return [
    figure(
      "time",
      of((run) => run.seconds),
      "s",
    ),
    figure(
      "of it observing",
      of((run) => run.observeSeconds),
      "s",
    ),
    figure(
      "CPU of the API",
      of((run) => run.apiCpuSeconds),
      "s",
    ),
    figure(
      "CPU of the collector",
      of((run) => run.collectorCpuSeconds),
      "s",
    ),
    figure(
      "read",
      of((run) => run.readUnits),
      "units",
    ),
    figure(
      "write",
      of((run) => run.writeUnits),
      "units",
    ),
    figure("peak memory of the API", of((run) => run.apiPeakBytes) / 1e6, "MB"),
    figure("peak memory of the collector", of((run) => run.collectorPeakBytes) / 1e6, "MB"),
    figure("on the wire", of((run) => run.wireBytes) / 1e3, "KB"),
  ];
}

/** First ingest, unchanged re-syncs (their median) and a sync of one change, by the same API and collector processes. */
async function measureIngest(resources: number, context: BenchContext, endpoint?: string): Promise<Figure[]> {
  const key = aKeyPair();
  const directory = join(context.directory, String(resources));
  const api = await startApi({ directory, keys: [key], ...(endpoint ? { endpoint } : {}) });
  const collector = startProcess<CollectorHandlers>("./collector-process.ts");
  const { privateKey } = key;
  await collector.call("start", { api: api.url, privateKey, spoolDirectory: join(directory, "spool") });

  async function sync(
    variant: number,
    expected: { state: string; created: number; updated: number },
  ): Promise<Measured> {
    await api.process.call("begin", undefined as never);
    const run = await collector.call("run", { resources, variant });
    const spent = await api.process.call("end", undefined as never);
    const { created, updated } = run.totals;
    if (run.state !== expected.state || created !== expected.created || updated !== expected.updated) {
      throw new Error(`the sync was ${run.state}, ${JSON.stringify(run.totals)}; expected ${JSON.stringify(expected)}`);
    }
    return {
      seconds: run.seconds,
      observeSeconds: run.observeSeconds,
      apiCpuSeconds: spent.cpuSeconds,
      collectorCpuSeconds: run.cpuSeconds,
      readUnits: spent.units.read,
      writeUnits: spent.units.write,
      apiPeakBytes: spent.peakBytes,
      collectorPeakBytes: run.peakBytes,
      wireBytes: spent.wireBytes.in + spent.wireBytes.out,
    };
  }

  try {
    const name = `${resources.toLocaleString("en")} resources${endpoint ? " over DynamoDB" : ""}`;
    context.say(`${name}: first ingest`);
    const first = await sync(0, { state: "closed", created: resources, updated: 0 });
    context.say(`${name}: ${RESYNCS} unchanged re-syncs`);
    const unchanged: Measured[] = [];
    for (let n = 0; n < RESYNCS; n++) unchanged.push(await sync(0, { state: "unchanged", created: 0, updated: 0 }));
    context.say(`${name}: one change`);
    const changed = await sync(1, { state: "closed", created: 0, updated: 1 });
    return [
      ...toFigures(`${name}, first ingest`, [first]),
      ...toFigures(`${name}, unchanged`, unchanged),
      ...toFigures(`${name}, one change`, [changed]),
    ];
  } finally {
    await collector.stop();
    await api.process.stop();
  }
}

export const ingest: Benchmark = {
  name: "ingest",
  about:
    "a collector session over HTTP to the API over a SQLite file: 3 scopes for each account and region of 1,000 resources",
  async run(context) {
    const figures: Figure[] = [];
    for (const resources of context.isQuick ? [2000] : [10_000, 100_000]) {
      figures.push(...(await measureIngest(resources, context)));
    }
    return figures;
  },
};

export const ingestDynamo: Benchmark = {
  name: "ingest-dynamo",
  about: "the same over a DynamoDB engine on loopback, which holds its table in memory",
  async run(context) {
    const engine = await startDynamoEngine();
    try {
      return await measureIngest(context.isQuick ? 1000 : 10_000, context, engine.endpoint);
    } finally {
      await engine.stop();
    }
  },
};
