import { join } from "node:path";
import { createScreen } from "@cadastre/cli/output/screen";
import type { LookResult } from "@cadastre/collectors/session/look";
import type { Log } from "@cadastre/contract/log";
import type { Units } from "@cadastre/store/table";
import { type LocalCollector, look, planCollectors, registerLocal } from "./collectors.ts";
import type { LocalConfig } from "./config.ts";
import { toFolderError } from "./data-folder.ts";
import { createDisplay, type Display } from "./display.ts";
import { isTooLongToWait, showToken } from "./first-token.ts";
import { type Jobs, runJobsOnce, startJobs } from "./jobs.ts";
import type { LogFile } from "./log-file.ts";
import { openLog } from "./open-log.ts";
import { isComplete, type Report, renderReport, toReport } from "./report.ts";
import { createSchedule } from "./schedule.ts";
import { type LocalServer, type ServerOptions, startLocalServer } from "./server.ts";
import type { Simulation } from "./simulation.ts";

/** Streams and clock of the process, so that a test can run it whole. */
export interface Terminal {
  readonly stdout: Pick<NodeJS.WriteStream, "write" | "isTTY" | "columns">;
  readonly stderr: Pick<NodeJS.WriteStream, "write" | "isTTY" | "columns">;
  readonly environment: Record<string, string | undefined>;
  readonly now: () => Date;
}

export interface LocalOptions {
  readonly once: boolean;
  readonly json: boolean;
  /** Show the lines of the log on stderr, too. */
  readonly verbose: boolean;
}

interface Running {
  readonly server: LocalServer;
  readonly simulation: Simulation | undefined;
  readonly collectors: readonly (LocalCollector & { readonly keyFile: string })[];
  readonly display: Display;
  readonly log: Log;
  readonly logFile: LogFile;
  /** What requests have spent so far. */
  readonly spent: Units;
}

/**
 * The product on one machine: API, pages, scheduled collectors and jobs in one process over `.cadastre/`. With `once` every
 * collector runs once, then every job that is due, and the answer is 0 only when every scope was seen whole. Resolves with the exit code; `signal` ends it.
 */
export async function runLocal(
  config: LocalConfig,
  options: LocalOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const due = new Set<string>();
  let wake: () => void = () => undefined;
  const onTrigger = (names: readonly string[]) => {
    for (const name of names) due.add(name);
    wake();
  };
  let jobs: Jobs | undefined;
  const running = await start(config, options, terminal, { onTrigger, onJobStarted: () => jobs?.look() });
  if (!options.once) jobs = startJobs({ context: running.server.context, log: running.log });
  try {
    const { dataDirectory } = config;
    if (options.once) {
      const screen = createScreen(terminal.stdout, terminal.environment);
      const { report } = await collect(
        running,
        { dataDirectory, intervalSeconds: undefined },
        running.collectors,
        terminal,
        signal,
      );
      await screen.write(options.json ? `${JSON.stringify(report)}\n` : renderReport(report, screen));
      await runJobsOnce({ context: running.server.context, log: running.log, signal });
      return isComplete(report) ? 0 : 1;
    }
    greet(running, terminal);
    const names = running.collectors.map((collector) => collector.name);
    const schedule = createSchedule({ names, intervalSeconds: config.intervalSeconds, now: () => performance.now() });
    let isTokenShown = false;
    const showOnce = async () => {
      if (!isTokenShown) await showToken(running, terminal.stdout);
      isTokenShown = true;
    };
    while (!signal.aborted) {
      const next = schedule.due(due);
      due.clear();
      if (next.length > 0) {
        const collectors = running.collectors.filter((collector) => next.includes(collector.name));
        const collecting = collect(running, config, collectors, terminal, signal);
        // Last, so that it stays in sight; but nobody waits for minutes for it.
        if (!isTokenShown && (await isTooLongToWait(collecting))) await showOnce();
        const { report, runs } = await collecting;
        schedule.ended(runs);
        tell(report, terminal);
        if (!signal.aborted) await showOnce();
      }
      await rest(schedule.untilNext(), signal, due, (resume) => {
        wake = resume;
      });
    }
    return 0;
  } finally {
    running.display.end();
    await jobs?.stop();
    await running.server.stop();
    await running.simulation?.stop();
    running.logFile.close();
  }
}

function tell({ scopes, totals, problems }: Report, { stderr }: Terminal): void {
  const { created, updated, unchanged, retired } = totals;
  stderr.write(
    `${scopes.length} scopes: ${created} created, ${updated} updated, ${unchanged} unchanged, ${retired} retired\n`,
  );
  for (const problem of problems) stderr.write(`${problem.collector}: ${problem.code}: ${problem.message}\n`);
}

/** Adds up what requests spend, as their lines say it: beside them others follow what changes, and jobs run. */
function countingUnits(log: Log, spent: { read: number; write: number }): Log {
  return (line) => {
    if (line.message === "request") {
      spent.read += Number(line.reads);
      spent.write += Number(line.writes);
    }
    log(line);
  };
}

async function start(
  config: LocalConfig,
  options: LocalOptions,
  terminal: Terminal,
  told: Pick<ServerOptions, "onTrigger" | "onJobStarted">,
): Promise<Running> {
  const { now } = terminal;
  const { logFile, log } = openLog({ directory: config.dataDirectory, verbose: options.verbose, ...terminal });
  const port = options.once ? 0 : config.port;
  const spent = { read: 0, write: 0 };
  const server = await startLocalServer(config, { port, now, log: countingUnits(log, spent), ...told });
  let simulation: Simulation | undefined;
  try {
    if (config.simulation) {
      // Most of what it loads is of no use beside real clouds.
      const { startSimulation } = await import("./simulation.ts");
      simulation = await startSimulation({
        ...config.simulation,
        directory: join(config.dataDirectory, "simulation"),
        now,
      });
      Object.assign(terminal.environment, simulation.environment);
    }
    const collectors = [];
    for (const collector of planCollectors(config, simulation, terminal.environment)) {
      collectors.push({ ...collector, keyFile: await registerLocal(server.context, config.dataDirectory, collector) });
    }
    return { server, simulation, collectors, display: createDisplay(terminal.stderr), log, logFile, spent };
  } catch (error) {
    await server.stop();
    await simulation?.stop();
    throw toFolderError(error, config.dataDirectory);
  }
}

async function collect(
  running: Running,
  { dataDirectory, intervalSeconds }: { readonly dataDirectory: string; readonly intervalSeconds: number | undefined },
  collectors: Running["collectors"],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<{ readonly report: Report; readonly runs: Parameters<typeof toReport>[0] }> {
  const { server, display, log, spent } = running;
  const before = { ...spent };
  const runs = await Promise.all(
    collectors.map(async (collector) => {
      const result: LookResult | Error = await look({
        api: server.url,
        keyFile: collector.keyFile,
        dataDirectory,
        collector,
        display,
        log: (line) => line.level !== "debug" && log({ ...line, level: line.level }),
        now: terminal.now,
        intervalSeconds,
        signal,
      }).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
      return { collector: collector.name, result };
    }),
  );
  display.end();
  const units: Units = { read: spent.read - before.read, write: spent.write - before.write };
  return { report: toReport(runs, units), runs };
}

function greet({ server, simulation, collectors }: Running, { stdout }: Terminal): void {
  const lines = [
    `Cadastre is at ${server.url}  (API guide: ${server.url}/api/docs)`,
    simulation
      ? "No cloud is configured: looking at simulated AWS, GCP and TLS endpoints."
      : `Looking at: ${collectors.map((one) => one.provider).join(", ")}.`,
    "",
  ];
  stdout.write(`${lines.join("\n")}\n`);
}

/** Waits for the next run: its time, a trigger, or the end. */
function rest(
  milliseconds: number,
  signal: AbortSignal,
  due: ReadonlySet<string>,
  onWake: (resume: () => void) => void,
): Promise<void> {
  if (signal.aborted || due.size > 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
    onWake(done);
  });
}
