import type { DatabaseSync } from "node:sqlite";
import { BusyError } from "./errors.ts";
import { isLocked } from "./sqlite-file.ts";

interface Job {
  readonly work: () => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface Groups {
  /**
   * Runs `work` in the next transaction; resolves when that transaction is on disk. When another job of it fails, `work` runs
   * again, so it does nothing but read and write the file.
   */
  run<T>(work: () => T): Promise<T>;
  /** Resolves when all that can be read now is on disk. */
  settled(): Promise<void>;
  /** Writes what is waiting, then refuses more. */
  close(): Promise<void>;
}

export interface GroupOptions {
  readonly db: DatabaseSync;
  readonly path: string;
  /** Runs at the beginning of each transaction, within it. */
  readonly before: () => void;
  /** Runs when a job or the whole transaction was undone. */
  readonly undone: () => void;
  /** Resolves when all transactions that were committed before it was called are on disk. */
  readonly sync: () => Promise<void>;
}

/**
 * Groups what is asked for at the same time into one SQLite transaction, because the wait for the disk is per transaction:
 * while one group is on its way to the disk, the next one gathers. A job that throws is undone alone: all of its group are, and
 * each is done again in a transaction of its own. That is seldom, and a savepoint for each job, which copies every page that is
 * written, took a third of the time. Nobody is answered before the transaction is durable; when the disk refuses, nothing is
 * answered any more, since what it kept is not known.
 */
export function createGroups({ db, path, before, undone, sync }: GroupOptions): Groups {
  let waiting: Job[] = [];
  let scheduled = false;
  let syncing: Promise<void> | undefined;
  let broken: Error | undefined;
  let closed = false;
  const begin = db.prepare("BEGIN IMMEDIATE");
  const commit = db.prepare("COMMIT");
  const rollback = db.prepare("ROLLBACK");

  /** Does the jobs in one transaction; answers their results. Throws what the first one throws, and then nothing was done. */
  function transact(jobs: readonly Job[]): unknown[] {
    try {
      begin.run();
      before();
      const results = jobs.map((job) => job.work());
      commit.run();
      return results;
    } catch (cause) {
      if (db.isTransaction) rollback.run();
      undone();
      throw isLocked(cause) ? new BusyError(`another process holds ${path}`, { cause }) : cause;
    }
  }

  /** Commits one job of a group that failed together; answers how to answer it, once that group is on disk. */
  function commitAlone(job: Job): () => void {
    try {
      const [result] = transact([job]);
      return () => job.resolve(result);
    } catch (error) {
      return () => job.reject(error);
    }
  }

  /** Commits the jobs, together or else each alone; answers how to answer them, or nothing when they are refused. */
  function commitJobs(jobs: readonly Job[]): (() => void)[] | undefined {
    try {
      const results = transact(jobs);
      return jobs.map((job, at) => () => job.resolve(results[at]));
    } catch (error) {
      // Another process that is busy was waited for already.
      if (jobs.length > 1 && !(error instanceof BusyError)) return jobs.map(commitAlone);
      refuse(jobs, error);
      return undefined;
    }
  }

  function refuse(jobs: readonly Job[], error: unknown): void {
    for (const job of jobs) job.reject(error);
  }

  async function syncFor(jobs: readonly Job[], answers: readonly (() => void)[]): Promise<void> {
    try {
      await sync();
      for (const answer of answers) answer();
    } catch (cause) {
      broken = new Error(`store file ${path} cannot be made durable; open it again`, { cause });
      refuse(jobs, broken);
    }
    syncing = undefined;
    flush();
  }

  function flush(): void {
    scheduled = false;
    if (syncing !== undefined || waiting.length === 0) return;
    const jobs = waiting;
    waiting = [];
    if (broken !== undefined) {
      refuse(jobs, broken);
      return;
    }
    const answers = commitJobs(jobs);
    if (answers !== undefined) syncing = syncFor(jobs, answers);
  }

  return {
    run: <T>(work: () => T) =>
      new Promise<T>((resolve, reject) => {
        if (closed) throw new Error(`store file ${path} is closed`);
        waiting.push({ work, resolve: resolve as (result: unknown) => void, reject });
        if (scheduled || syncing !== undefined) return;
        scheduled = true;
        setImmediate(flush);
      }),
    async settled() {
      await syncing;
      if (broken !== undefined) throw broken;
    },
    async close() {
      closed = true;
      flush();
      while (syncing !== undefined) await syncing;
    },
  };
}
