import type { SessionResult } from "@cadastre/collectors/session/session";
import type { Collector } from "@cadastre/contract/collector";
import type { Hold } from "@cadastre/contract/discovery";
import type { Job } from "@cadastre/contract/job";
import { type Api, type ApiLine, createApi } from "./api.ts";
import { createCloud } from "./cloud.ts";
import type { Facts } from "./facts.ts";
import { createTellers } from "./feed.ts";
import { createHosts, type Hosts } from "./hosts.ts";
import { judgeTable } from "./inside.ts";
import { createJobRunners } from "./jobs.ts";
import { createNetwork, type Instance } from "./network.ts";
import { createOperators, registrationOf } from "./operators.ts";
import { judge } from "./oracles/judge.ts";
import { isUnsaid, judgeAfterDecisions, judgeBeforeDecisions } from "./oracles/register.ts";
import { judgeSearch } from "./oracles/search.ts";
import { createRandom } from "./random.ts";
import { createReader, type Reader, UnansweredError } from "./reader.ts";
import { createScheduler, EndlessError, type Process, type Scheduler } from "./scheduler.ts";
import { type Lie, MOST_API_SKEW_MILLISECONDS, type Step, type Story } from "./story.ts";
import { dynamoTables, sqliteTables, type Tables } from "./tables.ts";
import { useScheduler } from "./timeouts.ts";

export interface Outcome {
  readonly story: Story;
  /** What is wrong, in words; nothing when all is as it must be. */
  readonly problems: readonly string[];
  readonly steps: number;
  /** Of the order and time of everything that happened. */
  readonly digest: string;
  /** Names of the faults that happened. */
  readonly faults: readonly string[];
  readonly trace: readonly string[];
  /** What the API said of its own faults. */
  readonly errors: readonly ApiLine[];
}

const START = Date.parse("2026-11-22T05:00:00.000Z");
const MOST_STEPS = 60_000;
/** How often a collector runs at the end until what it has is delivered. */
const MOST_FINAL_RUNS = 5;

interface World {
  readonly story: Story;
  readonly scheduler: Scheduler;
  readonly tables: Tables;
  readonly api: Api;
  readonly hosts: Hosts;
  readonly reader: Reader;
  readonly director: Process;
}

/** Registers and approves the story's collectors. */
async function registerAll({ story, hosts, reader }: World): Promise<void> {
  for (const [collector, { name }] of story.collectors.entries()) {
    if (story.collectors.findIndex((other) => other.name === name) < collector) continue;
    const registration = registrationOf(story, collector, hosts.keyOf(name).pem);
    await registerOne(reader, registration);
  }
}

/** A collector whose key was being replaced gets one that works. */
async function registerAgain({ story, hosts, reader }: World): Promise<void> {
  for (const [collector, { name }] of story.collectors.entries()) {
    const all = await reader.list<Collector>("/api/v1/collectors");
    const own = all.filter((one) => one.name === name && (one.state === "pending" || one.state === "approved"));
    const { keyId } = hosts.keyOf(name).signer;
    if (own.some((one) => one.keyFingerprint === keyId && one.state === "approved")) continue;
    for (const { id } of own) await reader.send("POST", `/api/v1/collectors/${id}/revoke`);
    hosts.changeKey(name);
    await registerOne(reader, registrationOf(story, collector, hosts.keyOf(name).pem));
  }
}

async function registerOne(reader: Reader, registration: object): Promise<void> {
  const { body } = await reader.send("POST", "/api/v1/collectors", registration);
  await reader.send("POST", `/api/v1/collectors/${(body as { id: string }).id}/approve`);
}

/** Runs the collector until its spool is empty and the run itself is delivered; answers the last result. */
async function runToTheEnd(world: World, collector: number): Promise<SessionResult | undefined> {
  const { scheduler, hosts, story } = world;
  const scopes = story.collectors[collector]?.scopes ?? [];
  const lies = scopes.map((place): Lie => (story.deniedAtEnd.includes(place) ? "denied" : "whole"));
  let last: SessionResult | undefined;
  for (let tries = 0; tries < MOST_FINAL_RUNS; tries++) {
    let isOver = false;
    hosts.start({ collector, scopes, lies }, (result) => {
      last = result;
      isOver = true;
    });
    await scheduler.run(() => isOver);
    if (last?.delivered === true) return last;
  }
  return last;
}

/** Every collector runs, one after the other. With `again` nothing has changed since it did: then nothing is to be sent. */
async function runAll(world: World, problems: string[], again: boolean): Promise<void> {
  for (const [collector, { name }] of world.story.collectors.entries()) {
    const result = await runToTheEnd(world, collector);
    if (again && result?.state === "closed") problems.push(`${name} has to send what has not changed`);
    if (result?.delivered === true) continue;
    const why = result?.problem === undefined ? "" : `: ${result.problem.code} ${result.problem.message}`;
    problems.push(`${name} cannot deliver although nothing is in its way${why}`);
  }
}

/** Whoever looked by a clock that was ahead looked in the future: until then all that is seen is older, and the scope is asked for again. */
async function outliveSkew({ scheduler, director }: World): Promise<void> {
  let isOver = false;
  scheduler.at(director, MOST_API_SKEW_MILLISECONDS, "the last skew is over", () => {
    isOver = true;
  });
  await scheduler.run(() => isOver);
}

/** The holds that an operator has to see to: those that wait, and those whose approval somebody cancelled before it was carried out. */
async function openOf({ reader }: World, holds: readonly Hold[]): Promise<Hold[]> {
  const isOpen = holds.some(({ state }) => state === "approved");
  const jobs = isOpen ? await reader.list<Job>("/api/v1/jobs") : [];
  const stopped = new Set(jobs.filter(({ state }) => state === "cancelled").map(({ id }) => id));
  return holds.filter(({ state, job }) => {
    return state === "pending" || (state === "approved" && job !== undefined && stopped.has(job));
  });
}

/** Decides every hold that waits, as an operator who wants the register to be what the cloud is. */
async function approveAll({ reader, story }: World, holds: readonly Hold[]): Promise<void> {
  for (const hold of holds) {
    const { id } = hold;
    const { status, body } = await reader.send("POST", `/api/v1/discovery/holds/${id}/approve`, {});
    // What was seen in part since is not what the hold is about: it waits for the next whole look. Approved, it may be about the past.
    if (status === 409 && (isUnsaid(story, hold) || hold.state === "approved")) continue;
    if (status !== 200) throw new UnansweredError(`approving ${id} was answered ${status} ${JSON.stringify(body)}`);
  }
}

/** Plays a story from its beginning to the end, and judges what it left. The same story gives the same outcome. */
export async function play(story: Story, { keepTrace = false } = {}): Promise<Outcome> {
  const scheduler = createScheduler({
    seed: story.seed,
    startMilliseconds: START,
    latency: story.latency,
    faults: { rates: story.rates, ...(story.only === undefined ? {} : { only: new Set(story.only) }) },
    keepTrace,
    mostSteps: MOST_STEPS,
  });
  useScheduler(scheduler);
  const tables =
    story.table === "dynamo" ? dynamoTables(scheduler) : sqliteTables(scheduler, () => new Date(scheduler.time));
  const api = createApi({ scheduler, tables, count: story.instances });
  const cloud = createCloud(story.scopes, story.shares);
  const network = createNetwork({ scheduler, instances: api.instances });
  const hosts = createHosts({ scheduler, network, cloud, story });
  const director = scheduler.spawn("director");
  const setup = scheduler.spawn("reader");
  const problems: string[] = [];
  const admin = await scheduler.inCalm(setup, () => api.bootstrap());
  const [first] = api.instances();
  const instance = () => api.instances().find(({ process }) => process.alive) ?? (first as never);
  const reader = createReader({ scheduler, process: setup, instance, token: admin });
  const operators = createOperators({ scheduler, network, hosts, story, admin });
  const world: World = { story, scheduler, tables, api, hosts, reader, director };
  const tellers = createTellers({ scheduler, api });
  const runners = createJobRunners({ scheduler, api });
  const has = (act: Step["act"]) => story.steps.some((step) => step.act === act);
  if (has("tell")) await tellers.begin();
  await registerAll(world);

  let open = story.steps.length;
  const done = () => {
    open -= 1;
  };

  function begin(step: Step): void {
    if (step.act === "run") hosts.start(step, done);
    else if (step.act === "foreign") {
      hosts.start({ collector: step.collector, scopes: [], lies: [], foreign: true }, done);
    } else if (step.act === "edit") {
      for (const n of step.set) cloud.set(step.scope, n);
      for (const n of step.remove) cloud.remove(step.scope, n);
      for (const n of step.restore ?? []) cloud.restore(step.scope, n);
      done();
    } else if (step.act === "clock") {
      (step.who === "api" ? api : hosts).setClock(step.nth, step.skewMilliseconds);
      done();
    } else if (step.act === "crash") {
      if (step.who === "api") scheduler.kill((api.instances()[step.nth % api.instances().length] as Instance).process);
      else hosts.crash(step.nth);
      done();
    } else if (step.act === "tell") tellers.start(step.rounds ?? 1, done);
    else if (step.act === "job" && step.how !== "cancel") runners.start(step.how, done);
    else operators.start(step, done);
  }

  const register = async () => ({ story, ...(await reader.readRegister()) });
  const facts = async (): Promise<Facts> => ({
    story,
    looks: hosts.looks,
    deliveries: network.deliveries,
    asked: operators.asked,
    ended: operators.ended,
    told: tellers.told,
    refused: tellers.refused,
    appeared: tables.appeared,
    ...(await reader.readAll()),
  });

  /** What was begun goes on by itself. */
  const endJobs = () =>
    runners.finish(director, async () => {
      const all = await reader.list<Job>("/api/v1/jobs");
      return all.every(({ endedAt }) => endedAt !== undefined);
    });

  try {
    for (const step of story.steps) scheduler.at(director, step.atMilliseconds, step.act, () => begin(step));
    await scheduler.run(() => open === 0);
    scheduler.heal();
    api.healClocks();
    hosts.healClocks();
    await scheduler.drain();
    if (has("clock")) await outliveSkew(world);
    await registerAgain(world);
    await endJobs();
    await runAll(world, problems, false);
    const undecided = await register();
    problems.push(...judgeBeforeDecisions(undecided, cloud));
    const holds = await openOf(world, undecided.holds);
    await approveAll(world, holds);
    if (holds.length > 0) await endJobs();
    problems.push(...judgeAfterDecisions(holds.length > 0 ? await register() : undecided, cloud));
    await runAll(world, problems, true);
    // Last, because jobs change things, too.
    if (has("tell")) await tellers.finish();
    const end = await facts();
    problems.push(...judgeAfterDecisions(end, cloud), ...judge(end, api.errors));
    problems.push(...(await judgeSearch(end, reader, createRandom(`${story.seed}/questions`))));
    problems.push(...(await scheduler.inCalm(setup, () => judgeTable(api.look(), tables))));
  } catch (error) {
    if (!(error instanceof EndlessError || error instanceof UnansweredError)) throw error;
    problems.push(error.message);
  } finally {
    useScheduler(undefined);
    await tables.close();
  }
  return {
    story,
    problems: [...new Set(problems)],
    steps: scheduler.steps,
    digest: scheduler.digest,
    faults: [...scheduler.happened],
    trace: scheduler.trace,
    errors: api.errors,
  };
}
