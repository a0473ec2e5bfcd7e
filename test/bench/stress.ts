import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startProcess } from "./calls.ts";
import type { ClientHandlers } from "./client-process.ts";
import { type StartedApi, startApi } from "./processes.ts";
import { machine, printMachine } from "./report.ts";
import { quantile } from "./statistics.ts";

/*
 * `npm run stress -- [--seconds N] [--json]`: one API on loopback, as `npm start` wires it, and a client beside it that doubles how much it asks
 * for at a time until the API breaks: answers take more than a second, one in a hundred fails, or no more are answered than before. Of ten
 * requests six ask what contains an address, two for a page of prefixes, two allocate an address.
 */

const MOST_WORKERS = 1024;
const SLOW_MILLISECONDS = 1000;
const MOST_FAILURES = 0.01;
/** Less more than that is no more. */
const GROWTH = 1.05;
const SUBNETS = 64;

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "5" }, json: { type: "boolean", default: false } },
});
const seconds = Number(values.seconds);
if (!(seconds >= 1 && seconds <= 60)) throw new Error("--seconds: from 1 to 60 for each step");

interface Step {
  readonly workers: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly apiCpu: number;
}

async function post(api: StartedApi, path: string, body: object): Promise<string> {
  const response = await fetch(`${api.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${api.token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as { id: string };
  if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer.id;
}

/** A space with subnets that addresses are allocated in, and what is asked of it, in turn. */
async function prepare(api: StartedApi) {
  const space = `/api/v1/addressspaces/${await post(api, "/api/v1/addressspaces", { name: "stress" })}`;
  await post(api, `${space}/ips`, { prefix: "10.0.0.0/8", status: "container" });
  const subnets: string[] = [];
  for (let n = 0; n < SUBNETS; n++)
    subnets.push(await post(api, `${space}/ips`, { prefix: `10.${n}.0.0/16`, pool: true }));
  return subnets.flatMap((subnet, n) => [
    ...Array.from({ length: 6 }, (_, at) => ({ method: "GET", path: `${space}/ips?contains=10.${n}.${at}.7` })),
    { method: "GET", path: `${space}/ips?within=10.${n}.0.0/16&limit=50` },
    { method: "GET", path: `${space}/ips?limit=50&expand=utilization` },
    { method: "POST", path: `${space}/ips/${subnet}/available-addresses`, body: "{}" },
    { method: "POST", path: `${space}/ips/${subnet}/available-addresses`, body: "{}" },
  ]);
}

const failedOf = ({ failures }: Pick<Step, "failures">): number =>
  Object.values(failures).reduce((sum, n) => sum + n, 0);

/** Why a step is the last one. */
function breakOf(step: Step, before: Step | undefined): string | undefined {
  if (failedOf(step) > MOST_FAILURES * step.perSecond * seconds) return "more than one in a hundred fails";
  if (step.p95 > SLOW_MILLISECONDS) return `one in twenty takes more than ${SLOW_MILLISECONDS} ms`;
  if (before && step.perSecond < before.perSecond * GROWTH && step.p95 > 4 * before.p50) return "no more are answered";
  return step.workers >= MOST_WORKERS ? "it does not break" : undefined;
}

const shown = (value: number): string => (value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3));

function print({ workers, perSecond, p50, p95, p99, failures, apiCpu }: Step): void {
  const columns = [workers, perSecond, p50, p95, p99, apiCpu].map((value) => shown(value).padStart(12));
  const failed = Object.entries(failures).map(([status, n]) => `${n} × ${status === "0" ? "no answer" : status}`);
  process.stdout.write(`${columns.join("")}  ${failed.join(", ")}\n`);
}

const directory = mkdtempSync(join(tmpdir(), "cadastre-stress-"));
const api = await startApi({ directory, keys: [] });
const client = startProcess<ClientHandlers>("./client-process.ts");
try {
  if (!values.json) {
    printMachine(machine(), false);
    const heads = ["at a time", "answers/s", "p50 ms", "p95 ms", "p99 ms", "CPU of API"];
    process.stdout.write(`${heads.map((head) => head.padStart(12)).join("")}  failures\n`);
  }
  const drawn = await prepare(api);
  const steps: Step[] = [];
  let reason: string | undefined;
  for (let workers = 1; reason === undefined; workers *= 2) {
    await api.process.call("begin", undefined as never);
    const { milliseconds, failures, seconds: took } = await client.call("mix", { ...api, workers, seconds, drawn });
    const { cpuSeconds } = await api.process.call("end", undefined as never);
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((part) => quantile(milliseconds, part)) as [number, number, number];
    const step = { workers, perSecond: milliseconds.length / took, p50, p95, p99, failures, apiCpu: cpuSeconds / took };
    reason = breakOf(step, steps.at(-1));
    steps.push(step);
    if (!values.json) print(step);
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ machine: machine(), steps, reason }, null, 2)}\n`);
  else process.stdout.write(`\n${reason}\n`);
} finally {
  await client.stop();
  await api.process.stop();
  rmSync(directory, { recursive: true, force: true });
}
