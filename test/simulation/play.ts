import type { Job } from "@cadastre/contract/job";
import { FIRST_ORGANIZATION, inOrganization } from "@cadastre/core/context";
import { type ApiLine, createApi } from "./api.ts";
import {
  approveAll,
  createEstate,
  type Estate,
  foundNeighbour,
  type Home,
  openOf,
  registerAgain,
  registerAll,
  runAll,
} from "./estate.ts";
import type { Facts, Shown } from "./facts.ts";
import { createTellers } from "./feed.ts";
import { judgeTable } from "./inside.ts";
import { createJobRunners } from "./jobs.ts";
import type { Instance } from "./network.ts";
import { judgeApart } from "./oracles/apart.ts";
import { judge } from "./oracles/judge.ts";
import { judgeAfterDecisions, judgeBeforeDecisions } from "./oracles/register.ts";
import { judgeSearch } from "./oracles/search.ts";
import { createRandom } from "./random.ts";
import { createReader, UnansweredError } from "./reader.ts";
import { createScheduler, EndlessError, type Process, type Scheduler } from "./scheduler.ts";
import { MOST_API_SKEW_MILLISECONDS, partsOf, type Step, type Story } from "./story.ts";
import { dynamoTables, partOf, sqliteTables } from "./tables.ts";
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

/** Whoever looked by a clock that was ahead looked in the future: until then all that is seen is older, and the scope is asked for again. */
async function outliveSkew(scheduler: Scheduler, director: Process): Promise<void> {
  let isOver = false;
  scheduler.at(director, MOST_API_SKEW_MILLISECONDS, "the last skew is over", () => {
    isOver = true;
  });
  await scheduler.run(() => isOver);
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
  const director = scheduler.spawn("director");
  const setup = scheduler.spawn("reader");
  const problems: string[] = [];
  const [first] = api.instances();
  const instance = () => api.instances().find(({ process }) => process.alive) ?? (first as never);
  const open = (token: string, actIn?: string) => createReader({ scheduler, process: setup, instance, token, actIn });
  const admin = await scheduler.inCalm(setup, () => api.bootstrap());
  const homes: Home[] = [{ organization: FIRST_ORGANIZATION, realm: "", admin, reader: open(admin) }];
  const parts = partsOf(story);
  if (parts.length > 1) homes.push(await foundNeighbour(open, admin));
  const estates = homes.map((home, at) =>
    createEstate({ scheduler, instances: api.instances, story: parts[at] as Story, home }),
  );
  const tellers = createTellers({ scheduler, api });
  const runners = createJobRunners({ scheduler, api });
  const steps = estates.flatMap((estate) => estate.story.steps.map((step) => ({ estate, step })));
  const has = (act: Step["act"]) => steps.some(({ step }) => step.act === act);
  if (has("tell")) await tellers.begin();
  for (const estate of estates) await registerAll(estate);

  let left = steps.length;
  const done = () => {
    left -= 1;
  };

  function begin({ cloud, hosts, operators, organization }: Estate, step: Step): void {
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
    else if (step.act === "job" && step.how !== "cancel") runners.start(step.how, organization, done);
    else operators.start(step, done);
  }

  function factsOf({ organization, story: own, hosts, network, operators }: Estate, shown: Shown): Facts {
    return {
      story: own,
      looks: hosts.looks,
      deliveries: network.deliveries,
      requests: new Set(estates.flatMap((estate) => estate.network.deliveries.map(({ requestId }) => requestId))),
      asked: operators.asked,
      ended: operators.ended,
      told: tellers.toldIn(organization),
      refused: tellers.refusedIn(organization),
      appeared: partOf(tables, organization).appeared,
      ...shown,
    };
  }

  /** What was begun goes on by itself. */
  const endJobs = () =>
    runners.finish(director, async () => {
      for (const { reader } of estates) {
        const all = await reader.list<Job>("/api/v1/jobs");
        if (all.some(({ endedAt }) => endedAt === undefined)) return false;
      }
      return true;
    });

  const registerOf = async ({ story: own, reader }: Estate) => ({ story: own, ...(await reader.readRegister()) });

  /** All that is decided is, and what came of it is as it should be. */
  async function decideAll(estate: Estate): Promise<void> {
    const undecided = await registerOf(estate);
    problems.push(...judgeBeforeDecisions(undecided, estate.cloud));
    const holds = await openOf(estate, undecided.holds);
    await approveAll(estate, holds);
    if (holds.length > 0) await endJobs();
    problems.push(...judgeAfterDecisions(holds.length > 0 ? await registerOf(estate) : undecided, estate.cloud));
  }

  try {
    for (const { estate, step } of steps)
      scheduler.at(director, step.atMilliseconds, step.act, () => begin(estate, step));
    await scheduler.run(() => left === 0);
    scheduler.heal();
    api.healClocks();
    for (const { hosts } of estates) hosts.healClocks();
    await scheduler.drain();
    if (has("clock")) await outliveSkew(scheduler, director);
    for (const estate of estates) await registerAgain(estate);
    await endJobs();
    for (const estate of estates) {
      problems.push(...(await runAll(estate, false)));
      await decideAll(estate);
      problems.push(...(await runAll(estate, true)));
    }
    // Last, because jobs change things, too.
    if (has("tell")) await tellers.finish();
    const ends = [];
    for (const estate of estates) ends.push({ estate, facts: factsOf(estate, await estate.reader.readAll()) });
    for (const { estate, facts } of ends) {
      const { cloud, reader, organization, realm } = estate;
      problems.push(...judgeAfterDecisions(facts, cloud), ...judge(facts, api.errors));
      problems.push(...(await judgeSearch(facts, reader, createRandom(`${story.seed}/${realm}questions`))));
      const look = inOrganization(api.look(), organization);
      problems.push(...(await scheduler.inCalm(setup, () => judgeTable(look, partOf(tables, organization)))));
    }
    problems.push(...(await judgeApart(ends.map(({ estate, facts }) => ({ reader: estate.reader, facts })))));
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
