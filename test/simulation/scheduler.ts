import { createRandom, hashText, type Random } from "./random.ts";

/** A simulated process: what it does later happens only while it is alive. */
export interface Process {
  readonly name: string;
  readonly random: Random;
  alive: boolean;
  /** Milliseconds that its clock is off. */
  skewMilliseconds: number;
  readonly now: () => Date;
  /** How many things it has asked for: faults are told by this number. */
  asked: number;
  /** Called once when it is killed, with nobody current. */
  onKilled: (() => void) | undefined;
}

/** How long things take: most of them a few milliseconds, some much longer. */
export interface Latency {
  readonly slowRate: number;
  readonly stallRate: number;
}

/** Which faults happen: by rates, or exactly those that are listed. */
export interface FaultPlan {
  readonly rates: Readonly<Record<string, number>>;
  readonly only?: ReadonlySet<string>;
}

interface Event {
  readonly time: number;
  readonly order: number;
  readonly process: Process;
  readonly label: string;
  readonly run: () => void;
  isCancelled: boolean;
}

export interface SchedulerOptions {
  readonly seed: string;
  readonly startMilliseconds: number;
  readonly latency: Latency;
  readonly faults: FaultPlan;
  /** Keeps the text of the trace, not its digest alone. */
  readonly keepTrace?: boolean;
  readonly mostSteps: number;
}

/** The scheduler's process in whose name code runs now; randomness and clocks that nobody passes in are its. */
let running: Process | undefined;
export const currentProcess = (): Process | undefined => running;

/** The story did not come to an end within its steps. */
export class EndlessError extends Error {}

/** Something ran outside of every event: a source of chance that the scheduler does not own. */
export class StrayError extends Error {}

export type Scheduler = ReturnType<typeof createScheduler>;

/**
 * Owns time and order. Everything that takes time is an event of a process; one event runs at a time, with all that follows
 * from it at once, and the next one is the earliest. So a process can be killed between any two of its awaits, and a story is
 * the same whenever its seed is.
 */
export function createScheduler(options: SchedulerOptions) {
  const { seed, mostSteps } = options;
  const heap: Event[] = [];
  const trace: string[] = [];
  let time = options.startMilliseconds;
  let order = 0;
  let steps = 0;
  let outside = 0;
  let digest = 0;
  let { latency, faults } = options;
  let calm = false;
  const happened = new Set<string>();

  function note(line: string): void {
    digest = hashText(line, digest);
    if (options.keepTrace) trace.push(line);
  }

  function push(event: Event): void {
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  }

  function pop(): Event | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child += 1;
      if (!isBefore(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
    return first;
  }

  function spawn(name: string, skewMilliseconds = 0): Process {
    const process: Process = {
      name,
      random: createRandom(`${seed}/${name}`),
      alive: true,
      skewMilliseconds,
      now: () => new Date(time + process.skewMilliseconds),
      asked: 0,
      onKilled: undefined,
    };
    return process;
  }

  /** How long this takes: it depends on the process and on how much it has asked for, on nothing else in the story. */
  function delayOf(process: Process, label: string): number {
    const bits = hashText(`${process.name}/${process.asked}/${label}`, hashText(seed));
    const share = (bits & 0xffff) / 0x10000;
    const size = (bits >>> 16) / 0x10000;
    if (share < latency.stallRate) return 1000 + size * 120_000;
    if (share < latency.stallRate + latency.slowRate) return 20 + size * 3000;
    return 1 + size * 4;
  }

  /** Has this happen later; answers how to have it not happen after all. */
  function at(process: Process, milliseconds: number, label: string, run: () => void): () => void {
    const event: Event = { time: time + milliseconds, order: order++, process, label, run, isCancelled: false };
    push(event);
    return () => {
      event.isCancelled = true;
    };
  }

  /** Whether the fault of this kind happens now, to the process in whose name this runs. */
  function isFaulty(kind: string, more = ""): boolean {
    if (calm) return false;
    const process = requireCurrent(kind);
    const rate = faults.rates[kind] ?? 0;
    const id = `${kind}@${process.name}#${process.asked}${more}`;
    const does = faults.only ? faults.only.has(id) : rate > 0 && hashText(id, hashText(seed, 7)) / 2 ** 32 < rate;
    if (does) {
      happened.add(id);
      note(`fault ${id}`);
    }
    return does;
  }

  function requireCurrent(what: string): Process {
    if (running === undefined) throw new StrayError(`${what} outside of every event`);
    return running;
  }

  function kill(process: Process): void {
    if (!process.alive) return;
    process.alive = false;
    note(`killed ${process.name}`);
    process.onKilled?.();
  }

  /**
   * Resolves when its turn has come; never for a process that is dead by then. `mayDie` names the rate of dying here. Once the
   * signal is aborted nobody waits for it any more, and its turn does not come.
   */
  function turn(
    label: string,
    { milliseconds, mayDie, signal }: { milliseconds?: number; mayDie?: string; signal?: AbortSignal } = {},
  ): Promise<void> {
    if (calm) return Promise.resolve();
    const process = requireCurrent(label);
    process.asked += 1;
    if (process.alive && mayDie !== undefined && isFaulty(mayDie)) kill(process);
    if (!process.alive) return new Promise(() => undefined);
    return new Promise((resolve) => {
      const cancel = at(process, milliseconds ?? delayOf(process, label), label, resolve);
      signal?.addEventListener("abort", cancel, { once: true });
    });
  }

  /** Runs `work` in the process's name. */
  function as<T>(process: Process, work: () => T): T {
    const before = running;
    running = process;
    try {
      return work();
    } finally {
      running = before;
    }
  }

  /** Waits until nothing follows any more from what was just run. */
  async function settle(): Promise<void> {
    do await new Promise<void>((resolve) => setImmediate(resolve));
    while (outside > 0);
  }

  /** Runs events until `isDone`. Throws EndlessError when there is nothing left to run, or too much. */
  async function run(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      const event = pop();
      if (event === undefined) throw new EndlessError("nothing is left that could happen, and not all is done");
      if (event.isCancelled || !event.process.alive) continue;
      steps += 1;
      if (steps > mostSteps) throw new EndlessError(`not done after ${mostSteps} steps; the last was ${event.label}`);
      time = Math.max(time, event.time);
      note(`${time.toFixed(3)} ${event.process.name} ${event.label}`);
      running = event.process;
      event.run();
      await settle();
      running = undefined;
    }
  }

  /** Runs all that is still on its way. */
  const drain = (): Promise<void> => run(() => !heap.some(({ process, isCancelled }) => process.alive && !isCancelled));

  return {
    spawn,
    drain,
    at,
    turn,
    as,
    run,
    kill,
    isFaulty,
    note,
    /** Work that the machine itself does, outside of the simulation: nothing else happens until it is done. */
    async real<T>(work: Promise<T>): Promise<T> {
      outside += 1;
      try {
        return await work;
      } finally {
        outside -= 1;
      }
    },
    /** Runs `work` at once and to its end: nothing takes time and nothing fails. */
    async inCalm<T>(process: Process, work: () => Promise<T>): Promise<T> {
      calm = true;
      running = process;
      try {
        return await work();
      } finally {
        running = undefined;
        calm = false;
      }
    },
    /** From now on nothing fails by itself, and nothing is slow. */
    heal(): void {
      latency = { slowRate: 0, stallRate: 0 };
      faults = { rates: {} };
    },
    delayOf,
    get time(): number {
      return time;
    },
    get steps(): number {
      return steps;
    },
    get digest(): string {
      return `${digest.toString(16)}-${steps}`;
    },
    trace: trace as readonly string[],
    happened: happened as ReadonlySet<string>,
  };
}

function isBefore(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}

/** Starts a process that does one thing and ends; `done` is called when it has, also when it is killed. */
export function startProcess(
  scheduler: Scheduler,
  name: string,
  label: string,
  work: (process: Process) => Promise<unknown>,
  done: () => void,
): void {
  const process = scheduler.spawn(name);
  const end = () => {
    process.onKilled = undefined;
    process.alive = false;
    done();
  };
  process.onKilled = end;
  const finish = () => {
    if (process.alive) end();
  };
  scheduler.at(process, 0, label, () => void work(process).then(finish, finish));
}
