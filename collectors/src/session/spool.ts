import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "@cadastre/contract/log";
import { type Appender, createAppender, syncDirectory, writeDurably } from "./files.ts";
import { type Lock, tryLock } from "./lock.ts";
import { DATA_FILE, INDEX_FILE, MANIFEST_FILE, type Manifest, PROBLEM_FILE } from "./manifest.ts";

const STATES = ["observing", "ready", "rejected", "done", "locks"] as const;
type State = (typeof STATES)[number];

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
  /** Closed runs that wait to be delivered, oldest first. */
  waiting(): string[];
  pathOf(run: string): string;
  /** One process delivers at a time, so that older runs are opened before newer ones. Undefined when another does. */
  tryDelivery(): Lock | undefined;
  /** A delivered run: moved away by one rename, then deleted. */
  finish(run: string): void;
  /** A run that the API refused for good: kept for a person, with the reason beside it, and never sent again. */
  reject(run: string, problem: unknown): void;
}

/**
 * Runs on disk: a folder per run, in the folder of its state; every change of state is one rename, made durable.
 * Runs whose process ended while observing are discarded here: what they saw was never said to be all there is.
 */
export function openSpool(directory: string, log: Log): Spool {
  for (const state of STATES) mkdirSync(join(directory, state), { recursive: true, mode: 0o700 });
  const path = (state: State, run: string) => join(directory, state, run);
  const lockPath = (run: string) => path("locks", `${run}.lock`);
  const list = (state: State) => readdirSync(join(directory, state)).sort();
  const remove = (state: State, run: string) => rmSync(path(state, run), { recursive: true, force: true });

  function move(run: string, from: State, to: State): void {
    renameSync(path(from, run), path(to, run));
    syncDirectory(join(directory, to));
    syncDirectory(join(directory, from));
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
    for (const run of list("done")) remove("done", run);
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
        move(run, "observing", "ready");
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
    waiting: () => list("ready"),
    pathOf: (run) => path("ready", run),
    tryDelivery: () => tryLock(join(directory, "delivery.lock")),
    finish(run) {
      move(run, "ready", "done");
      remove("done", run);
    },
    reject(run, problem) {
      writeDurably(path("ready", join(run, PROBLEM_FILE)), `${JSON.stringify(problem, undefined, 2)}\n`);
      syncDirectory(path("ready", run));
      move(run, "ready", "rejected");
    },
  };
}
