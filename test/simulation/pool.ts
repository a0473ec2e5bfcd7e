import { Worker } from "node:worker_threads";
import type { Outcome } from "./play.ts";
import type { Story } from "./story.ts";

/** What a worker is to do: stories that are given (a text is a seed), or made-up ones until the time is over. */
export type Task =
  | { readonly kind: "play"; readonly stories: readonly (string | Story)[]; readonly shrinks: boolean }
  | {
      readonly kind: "explore";
      readonly base: string;
      readonly first: number;
      readonly step: number;
      readonly most: number;
      readonly seconds: number;
      readonly shrinks: boolean;
      /** Whether it ends with the first story that fails. */
      readonly stops: boolean;
    };

export type PlayedStory = Omit<Outcome, "trace"> & { readonly shortest?: Outcome };

export type FromWorker =
  | { readonly type: "outcomes"; readonly outcomes: readonly PlayedStory[] }
  | { readonly type: "played"; readonly steps: number }
  | {
      readonly type: "failed";
      readonly seed: string;
      readonly problems: readonly string[];
      readonly shortest?: Outcome;
    };

/** A story leaves much behind that is soon forgotten: with little room for it, a tenth of the time goes into tidying up. */
const YOUNG_MEGABYTES = 128;

/** A worker on a thread of its own; resolves when it has ended. Rejects with what it died of. */
function work(task: Task, hear: (message: FromWorker) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: task,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    worker.on("message", hear);
    worker.on("error", reject);
    worker.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))));
  });
}

/** Plays the given stories, each from its seed or as it is, in their order. */
export async function playAll(
  stories: readonly (string | Story)[],
  { shrinks = false } = {},
): Promise<readonly PlayedStory[]> {
  let outcomes: readonly PlayedStory[] = [];
  await work({ kind: "play", stories, shrinks }, (message) => {
    if (message.type === "outcomes") outcomes = message.outcomes;
  });
  return outcomes;
}

export interface Explored {
  readonly stories: number;
  readonly steps: number;
  readonly failed: readonly Extract<FromWorker, { type: "failed" }>[];
}

export interface ExploreOptions {
  /** Seeds are `<base>-0`, `<base>-1` and so on. */
  readonly base: string;
  readonly seconds: number;
  readonly workers: number;
  readonly most?: number;
  readonly shrinks?: boolean;
  readonly stops?: boolean;
  readonly onFailed?: (failed: Extract<FromWorker, { type: "failed" }>) => void;
  readonly onPlayed?: (stories: number) => void;
}

/** Plays made-up stories on several threads until the time or their number is over. */
export async function explore(options: ExploreOptions): Promise<Explored> {
  const {
    base,
    seconds,
    workers,
    most = Number.POSITIVE_INFINITY,
    shrinks = true,
    stops = false,
    onFailed,
    onPlayed,
  } = options;
  let [stories, steps] = [0, 0];
  const failed: Extract<FromWorker, { type: "failed" }>[] = [];
  const hear = (message: FromWorker) => {
    if (message.type === "played") {
      stories += 1;
      steps += message.steps;
      onPlayed?.(stories);
    }
    if (message.type === "failed") {
      failed.push(message);
      onFailed?.(message);
    }
  };
  const tasks = Array.from({ length: workers }, (_, first) =>
    work({ kind: "explore", base, first, step: workers, most, seconds, shrinks, stops }, hear),
  );
  await Promise.all(tasks);
  return { stories, steps, failed };
}
