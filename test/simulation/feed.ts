import { eachOrganization } from "@cadastre/core/directory/each-organization";
import type { Consumer } from "@cadastre/core/feed/consumer";
import { runConsumers } from "@cadastre/core/feed/run-consumers";
import type { Api } from "./api.ts";
import type { Told } from "./facts.ts";
import { hashText } from "./random.ts";
import { type Process, type Scheduler, startProcess } from "./scheduler.ts";

/** One takes what it is told, the other refuses some of it, and some of that for good. */
export const CONSUMERS = ["greedy", "picky"] as const;

/** What was there before a consumer's first checkpoint it is not told; clocks of the API may be behind by some seconds. */
const BEFORE_ALL_MILLISECONDS = 10 * 60_000;
/** Longer than any pause between two attempts. */
const PAUSE_MILLISECONDS = 10 * 60_000;
const MOST_ROUNDS = 60;
/** Between the rounds of one teller. */
const REST_MILLISECONDS = 2 * 60_000;
/** So often it is refused before it is set aside. */
export const MOST_ATTEMPTS = 6;

/** How often the picky one refuses a change: some for good, some until they have been replayed, some until they are told again. */
export function refusalsOf(id: string): number {
  const share = hashText(id) % 16;
  return [Number.POSITIVE_INFINITY, MOST_ATTEMPTS + 1, 2, 3][share] ?? 0;
}

interface ToldWhere extends Told {
  readonly organization: string;
}

/** Processes that tell consumers what changed: any number at once, killed anywhere. */
export function createTellers({ scheduler, api }: { scheduler: Scheduler; api: Api }) {
  const told: ToldWhere[] = [];
  const refused: ToldWhere[] = [];
  const attempts = new Map<string, number>();
  let lives = 0;

  /** The consumers as a teller knows them that began at this step. */
  const consumersOf = (organization: string, sinceStep: number): readonly Consumer[] =>
    CONSUMERS.map((name) => ({
      name,
      about: "of a story",
      async handle({ id }) {
        await scheduler.turn("is told", { mayDie: "api-kill" });
        const one = { organization, consumer: name, change: id, sinceStep, atStep: scheduler.steps };
        const attempt = attempts.get(`${organization} ${id}`) ?? 0;
        if (name === "picky") attempts.set(`${organization} ${id}`, attempt + 1);
        if (name === "picky" && attempt < refusalsOf(id)) {
          refused.push(one);
          throw new Error("not this one");
        }
        told.push(one);
      },
    }));

  function tell(process: Process): Promise<void> {
    const sinceStep = scheduler.steps;
    return eachOrganization(api.contextOf(process), async (own) => {
      await runConsumers(own, consumersOf(own.organization, sinceStep));
    });
  }

  async function tellAgain(process: Process, rounds: number): Promise<void> {
    for (let round = 1; ; round++) {
      await tell(process);
      if (round >= rounds) return;
      await scheduler.turn("rests", { milliseconds: REST_MILLISECONDS, mayDie: "api-kill" });
    }
  }

  return {
    toldIn: (organization: string): readonly Told[] => told.filter((one) => one.organization === organization),
    refusedIn: (organization: string): readonly Told[] => refused.filter((one) => one.organization === organization),
    /** Has the consumers' first checkpoints written, before anything changes. */
    async begin(): Promise<void> {
      const process = scheduler.spawn("first teller", -BEFORE_ALL_MILLISECONDS);
      await scheduler.inCalm(process, () => tell(process));
    },
    start(rounds: number, done: () => void): void {
      startProcess(scheduler, `teller-${lives++}`, "tells", (process) => tellAgain(process, rounds), done);
    },
    /** Tells until each change was taken or set aside. */
    async finish(): Promise<void> {
      const process = scheduler.spawn("last teller");
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const before = refused.length + told.length;
        process.skewMilliseconds += PAUSE_MILLISECONDS;
        await scheduler.inCalm(process, () => tell(process));
        if (before === refused.length + told.length) return;
      }
    },
  };
}
