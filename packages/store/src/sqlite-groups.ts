import type { DatabaseSync } from "node:sqlite";
import { BusyError } from "./errors.ts";
import { isLocked } from "./sqlite-file.ts";

interface Job {
  readonly work: () => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface Groups {
  /** Runs `work` in a savepoint of the next transaction; resolves when that transaction is on disk. */
  run<T>(work: () => T): Promise<T>;
  /** Writes what is waiting, then refuses more. */
  close(): void;
}

/**
 * Groups what is asked for at the same time into one SQLite transaction, because the wait for the disk is per transaction.
 * A job that throws is undone alone. Nobody is answered before the transaction is durable.
 */
export function createGroups(options: { db: DatabaseSync; path: string; before: () => void }): Groups {
  const { db, path, before } = options;
  let waiting: Job[] = [];
  let closed = false;
  const begin = db.prepare("BEGIN IMMEDIATE");
  const commit = db.prepare("COMMIT");
  const rollback = db.prepare("ROLLBACK");
  const savepoint = db.prepare("SAVEPOINT job");
  const release = db.prepare("RELEASE job");
  const undo = db.prepare("ROLLBACK TO job");

  function runJob(job: Job): () => void {
    savepoint.run();
    try {
      const result = job.work();
      release.run();
      return () => job.resolve(result);
    } catch (error) {
      // A full disk or a broken file can end the whole transaction; then there is no savepoint left to go back to.
      if (!db.isTransaction) throw error;
      undo.run();
      release.run();
      return () => job.reject(error);
    }
  }

  function flush(): void {
    const jobs = waiting;
    waiting = [];
    if (jobs.length === 0) return;
    let answers: (() => void)[];
    try {
      begin.run();
      before();
      answers = jobs.map(runJob);
      commit.run();
    } catch (cause) {
      if (db.isTransaction) rollback.run();
      const error = isLocked(cause) ? new BusyError(`another process holds ${path}`, { cause }) : cause;
      for (const job of jobs) job.reject(error);
      return;
    }
    for (const answer of answers) answer();
  }

  return {
    run: <T>(work: () => T) =>
      new Promise<T>((resolve, reject) => {
        if (closed) throw new Error(`store file ${path} is closed`);
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ work, resolve: resolve as (result: unknown) => void, reject });
      }),
    close() {
      flush();
      closed = true;
    },
  };
}
