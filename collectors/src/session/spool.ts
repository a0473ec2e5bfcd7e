import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "@cadastre/contract/log";
import { type Appender, createAppender, syncDirectory, writeDurably } from "./files.ts";
import { type Lock, tryLock } from "./lock.ts";
import { DATA_FILE, INDEX_FILE, MANIFEST_FILE, type Manifest, PROBLEM_FILE } from "./manifest.ts";
import { folderAfter, inOrder, runIn } from "./order.ts";

const STATES = ["observing", "ready", "rejected", "done", "locks"] as const;
type State = (typeof STATES)[number];

/** A run's number is taken in a few syncs of the disk: who waits longer for another process waits for one that is stopped. */
const ORDER_PATIENCE_MILLISECONDS = 60_000;

/** A run that is being observed: its files, and the lock that tells other processes that somebody is at it. */
export interface OpenRunFiles {
  readonly run: string;
  readonly data: Appender;
  readonly index: Appender;
  /** Makes everything durable, then closes the run by one rename. It can be delivered from now on, also by others. */
  close(manifest: Manifest): void;
  discard(): void;
}

export interface Spool {
  readonly directory: string;
  begin(run: string): OpenRunFiles;
  /** Names of the folders of closed runs that wait to be delivered, in the order in which they were closed. */
  waiting(): string[];
  pathOf(folder: string): string;
  /** Where a closed run is that was not delivered. */
  find(run: string): { readonly state: "ready" | "rejected"; readonly path: string } | undefined;
  /** One process delivers at a time, so that older runs are opened before newer ones. Undefined when another does. */
  tryDelivery(): Lock | undefined;
  /** A delivered run: moved away by one rename, then deleted. */
  finish(folder: string): void;
  /** A run that the API refused for good: kept for a person, with the reason beside it, and never sent again. */
  reject(folder: string, problem: unknown): void;
}

/**
 * Runs on disk: a folder per run, in the folder of its state; every change of state is one rename, made durable. The one that
 * closes a run gives its folder a number, under a lock, after all that wait or were refused: clocks order nothing.
 * Runs whose process ended while observing are discarded here: what they saw was never said to be all there is.
 */
export function openSpool(directory: string, log: Log): Spool {
  for (const state of STATES) mkdirSync(join(directory, state), { recursive: true, mode: 0o700 });
  const path = (state: State, run: string) => join(directory, state, run);
  const lockPath = (run: string) => path("locks", `${run}.lock`);
  const list = (state: State) =>
    readdirSync(join(directory, state), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  const remove = (state: State, folder: string) => rmSync(path(state, folder), { recursive: true, force: true });

  function move(folder: string, from: State, to: State, as = folder): void {
    renameSync(path(from, folder), path(to, as));
    syncDirectory(join(directory, to));
    syncDirectory(join(directory, from));
  }

  function closeInOrder(run: string): void {
    const lock = tryLock(join(directory, "order.lock"), { patienceMilliseconds: ORDER_PATIENCE_MILLISECONDS });
    if (!lock) throw new Error(`another process has been closing a run in ${directory} for a minute`);
    try {
      move(run, "observing", "ready", folderAfter([...list("ready"), ...list("rejected")], run));
    } finally {
      lock.release();
    }
  }

  function discardAbandoned(): void {
    for (const run of list("observing")) {
      const lock = tryLock(lockPath(run));
      if (!lock) continue;
      // Between the listing and the lock its process may have closed it: then it is here no more, and its data is safe.
      if (existsSync(path("observing", run))) {
        remove("observing", run);
        log({ level: "warn", message: "a run whose process ended while observing was discarded", run });
      }
      rmSync(lockPath(run), { force: true });
      lock.release();
    }
    for (const folder of list("done")) remove("done", folder);
  }

  function begin(run: string): OpenRunFiles {
    // Locked before its folder exists, so that nobody can take the folder for an abandoned one.
    const lock = tryLock(lockPath(run));
    if (!lock) throw new Error(`the run ${run} is in use by another process`);
    const folder = path("observing", run);
    mkdirSync(folder, { mode: 0o700 });
    const data = createAppender(join(folder, DATA_FILE));
    const index = createAppender(join(folder, INDEX_FILE));
    function unlock(): void {
      rmSync(lockPath(run), { force: true });
      lock?.release();
    }
    return {
      run,
      data,
      index,
      close(manifest) {
        data.close();
        index.close();
        writeDurably(join(folder, MANIFEST_FILE), JSON.stringify(manifest));
        syncDirectory(folder);
        closeInOrder(run);
        unlock();
      },
      discard() {
        data.abandon();
        index.abandon();
        remove("observing", run);
        unlock();
      },
    };
  }

  discardAbandoned();
  return {
    directory,
    begin,
    waiting: () => inOrder(list("ready")),
    pathOf: (folder) => path("ready", folder),
    find(run) {
      for (const state of ["ready", "rejected"] as const) {
        const folder = list(state).find((one) => runIn(one) === run);
        if (folder !== undefined) return { state, path: path(state, folder) };
      }
      return undefined;
    },
    tryDelivery: () => tryLock(join(directory, "delivery.lock")),
    finish(folder) {
      // What a process left there when it died in the middle of deleting it.
      remove("done", folder);
      move(folder, "ready", "done");
      remove("done", folder);
    },
    reject(folder, problem) {
      try {
        writeDurably(path("ready", join(folder, PROBLEM_FILE)), `${JSON.stringify(problem, undefined, 2)}\n`);
        syncDirectory(path("ready", folder));
      } catch (error) {
        // Without its reason beside it, which the log has: on a full disk, too, it must not hold up those behind it.
        const { message } = error as Error;
        log({ level: "warn", message: `the reason could not be written beside a run: ${message}`, run: runIn(folder) });
      }
      // Somebody may have copied a refused run back instead of moving it: both are kept.
      const others = readdirSync(join(directory, "rejected"), { withFileTypes: true }).map(({ name }) => name);
      move(folder, "ready", "rejected", others.includes(folder) ? folderAfter(others, runIn(folder)) : folder);
    },
  };
}
