import { setTimeout as wait } from "node:timers/promises";
import type { Client } from "@cadastre/client/client";
import { type Job, type JobDefinition, job } from "@cadastre/contract/job";
import type { Command } from "commander";
import { choice, withColumns, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { EXIT } from "../exit-codes.ts";
import { formatOf } from "../output/format.ts";
import { printAll, printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise, toTime } from "../output/text.ts";
import { JOB_STYLES, progressOf, reasonOf, watchJob } from "../output/watch-job.ts";

const COLUMNS: readonly Column<Job>[] = [
  { title: "ID", value: (one) => one.id },
  { title: "NAME", value: (one) => one.name },
  { title: "STATE", value: (one) => one.state, style: (one) => JOB_STYLES[one.state] },
  { title: "PROGRESS", value: progressOf, shape: "text" },
  { title: "CREATED", value: (one) => toTime(one.createdAt), raw: (one) => one.createdAt },
  { title: "BY", value: (one) => one.createdBy, shape: "id" },
  { title: "ENDED", value: (one) => toTime(one.endedAt), raw: (one) => one.endedAt, optional: true },
  { title: "REASON", value: reasonOf, shape: "text", optional: true },
];

const SCHEDULE: readonly Column<JobDefinition>[] = [
  { title: "NAME", value: (one) => one.name },
  { title: "SCHEDULE", value: (one) => one.schedule ?? "on demand" },
  { title: "NEXT", value: (one) => toTime(one.nextAt), raw: (one) => one.nextAt, optional: true },
  { title: "NOW", value: (one) => one.unfinished?.state, optional: true },
  {
    title: "LAST",
    value: (one) => one.last?.state,
    style: (one) => (one.last ? JOB_STYLES[one.last.state] : undefined),
  },
  { title: "ENDED", value: (one) => toTime(one.last?.endedAt), raw: (one) => one.last?.endedAt },
  { title: "ABOUT", value: (one) => one.about, shape: "text" },
];

const LOOK_MILLISECONDS = 1000;

interface WatchOption {
  readonly watch?: boolean;
}

/** Shows how far a run is until it ends, or Ctrl-C. The exit code is 0 unless it failed or was cancelled. */
export async function followJob(cli: Cli, client: Client, id: string): Promise<Job> {
  const stop = new AbortController();
  cli.onInterrupt(() => stop.abort());
  const last = await watchJob({
    read: () => client.jobs.get({ id }),
    screen: cli.stderr,
    pause: () => wait(LOOK_MILLISECONDS, undefined, { signal: stop.signal }).catch(() => undefined),
    isStopped: () => stop.signal.aborted,
  });
  if (last.state === "failed" || last.state === "cancelled") cli.setExitCode(EXIT.failure);
  return last;
}

/** Watches the run when that is asked for, then prints it. */
async function show(cli: Cli, command: Command, found: Job): Promise<void> {
  const options = optionsOf<WatchOption>(command);
  const last = options.watch ? await followJob(cli, openClient(cli, options), found.id) : found;
  await printOne(cli.stdout, options, last);
}

const withWatch = (command: Command) =>
  command.option("--watch", "show its progress until it ends; Ctrl-C leaves it running");

/** Adds `jobs` to the program. */
export function addJobs(program: Command, cli: Cli): void {
  const jobs = program.command("jobs").description("what the service does by time and in the background");
  withPaging(jobs.command("list").description("runs of jobs, newest first; those that ended are kept for 90 days"))
    .option("--name <name>", "only those of one job")
    .addOption(choice("--state <state>", "only those", job.shape.state.options))
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<{ name?: string; state?: Job["state"] }>(command);
      const { name, state } = options;
      const client = openClient(cli, options);
      const items = (limit: number) => client.jobs.list.all({ limit, name, state });
      await printList({ ...cli, options, columns: COLUMNS, noun: "runs of jobs", items });
    });
  withColumns(
    jobs.command("schedule").description("what can run, when it runs next, and how it went the last time"),
  ).action(async (_: unknown, command: Command) => {
    const options = optionsOf(command);
    const { definitions = [] } = await openClient(cli, options).jobs.list({ limit: 1 });
    await printAll({ ...cli, options, columns: SCHEDULE, noun: "jobs", items: definitions });
  });
  withWatch(jobs.command("show").description("one run, with how far it is").argument("<id>", "job_…")).action(
    async (id: string, _: unknown, command: Command) =>
      show(cli, command, await openClient(cli, optionsOf(command)).jobs.get({ id })),
  );
  withExamples(
    withWatch(
      jobs.command("run").description("start a job now").argument("<name>", "as `jobs schedule` shows it"),
    ).action(async (name: string, _: unknown, command: Command) =>
      show(cli, command, await openClient(cli, optionsOf(command)).jobs.run({ name })),
    ),
    "jobs run retention --watch",
  );
  jobs
    .command("cancel")
    .description("stop a run after the step that is under way; what it did stays")
    .argument("<id>", "job_…")
    .action(async (id: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const cancelled = await openClient(cli, options).jobs.cancel({ id });
      const format = formatOf(options);
      if (format !== "table" && format !== "wide") return printOne(cli.stdout, options, cancelled);
      const said = cancelled.cancelling ? "ends after the step that is under way" : cancelled.state;
      return cli.stderr.write(`${neutralise(id)}: ${said}\n`);
    });
}
