import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createGroups, type Groups } from "./sqlite-groups.ts";

let db: DatabaseSync;
let groups: Groups;
/** The syncs that were asked for and are under way, oldest first: each ends when the test says so. */
let syncs: { resolve: () => void; reject: (error: Error) => void }[];
let transactions: number;
let undone: number;

beforeEach(() => {
  db = new DatabaseSync(":memory:");
  db.exec("CREATE TABLE numbers (n INTEGER PRIMARY KEY) STRICT");
  syncs = [];
  transactions = 0;
  undone = 0;
  groups = createGroups({
    db,
    path: "numbers.db",
    before: () => {
      transactions += 1;
    },
    undone: () => {
      undone += 1;
    },
    sync: () => new Promise((resolve, reject) => void syncs.push({ resolve, reject })),
  });
});

afterEach(() => db.close());

const insert = (n: number) => groups.run(() => db.prepare("INSERT INTO numbers VALUES (?)").run(n));
const numbers = () =>
  db
    .prepare("SELECT n FROM numbers ORDER BY n")
    .all()
    .map((row) => row.n);
/** Lets all that can go on without a sync go on. */
const quiet = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

function endSync(error?: Error): void {
  const sync = syncs.shift();
  if (!sync) throw new Error("no sync is under way");
  if (error) sync.reject(error);
  else sync.resolve();
}

/** What became of a promise by now. */
function watch(promise: Promise<unknown>): { state: string } {
  const seen = { state: "open" };
  promise.then(
    () => {
      seen.state = "done";
    },
    (error: Error) => {
      seen.state = error.message;
    },
  );
  return seen;
}

test("nobody is answered, and no consistent read returns, before the transaction is on disk", async () => {
  const write = watch(insert(1));
  await quiet();
  expect(numbers()).toEqual([1]);
  const read = watch(groups.settled());
  await quiet();
  expect([write.state, read.state]).toEqual(["open", "open"]);
  endSync();
  await quiet();
  expect([write.state, read.state]).toEqual(["done", "done"]);
});

test("what is asked for while one group is on its way to the disk becomes one next transaction", async () => {
  const first = insert(1);
  await quiet();
  const later = [insert(2), insert(3), insert(4)];
  await quiet();
  expect(transactions).toBe(1);
  endSync();
  await first;
  await quiet();
  expect(transactions).toBe(2);
  expect(numbers()).toEqual([1, 2, 3, 4]);
  endSync();
  await Promise.all(later);
});

test("a job that throws is undone alone", async () => {
  const jobs = [insert(1), insert(1), insert(2)].map(watch);
  await quiet();
  endSync();
  await quiet();
  expect(jobs.map((job) => job.state)).toEqual(["done", expect.stringContaining("UNIQUE"), "done"]);
  expect(numbers()).toEqual([1, 2]);
});

test("a group is not tried again job by job while another process holds the file", async () => {
  const locked = groups.run(() => {
    throw Object.assign(new Error("database is locked"), { errcode: 5 });
  });
  const beside = insert(1);
  await expect(locked).rejects.toThrow("another process holds numbers.db");
  await expect(beside).rejects.toThrow("another process holds numbers.db");
  expect([transactions, undone, numbers()]).toEqual([1, 1, []]);
});

test("what is remembered of a transaction is given up when all of it is undone", async () => {
  const ended = groups.run(() => {
    db.exec("ROLLBACK");
    throw new Error("the disk is full");
  });
  await expect(ended).rejects.toThrow("the disk is full");
  expect(undone).toBe(1);
});

test("when the disk refuses, nothing is answered as done any more", async () => {
  const first = watch(insert(1));
  await quiet();
  const second = watch(insert(2));
  endSync(new Error("EIO"));
  await quiet();
  const third = watch(insert(3));
  await quiet();
  const broken = "store file numbers.db cannot be made durable; open it again";
  expect([first.state, second.state, third.state]).toEqual([broken, broken, broken]);
  await expect(groups.settled()).rejects.toThrow(broken);
});

test("closing waits until what was asked for is on disk, and then refuses more", async () => {
  const first = watch(insert(1));
  await quiet();
  const second = watch(insert(2));
  const closed = watch(groups.close());
  await quiet();
  expect(closed.state).toBe("open");
  await expect(insert(3)).rejects.toThrow("is closed");
  expect([transactions, syncs.length]).toEqual([1, 1]);
  endSync();
  await quiet();
  expect([first.state, second.state, closed.state]).toEqual(["done", "open", "open"]);
  endSync();
  await quiet();
  expect([first.state, second.state, closed.state]).toEqual(["done", "done", "done"]);
  expect(numbers()).toEqual([1, 2]);
});

test("closing does not wait for what was asked for to come round: it writes it", async () => {
  const last = watch(insert(1));
  const closed = watch(groups.close());
  expect(numbers()).toEqual([1]);
  await quiet();
  expect([last.state, closed.state]).toEqual(["open", "open"]);
  endSync();
  await quiet();
  expect([last.state, closed.state]).toEqual(["done", "done"]);
});

test("what is refused leaves the file as usable as it was", async () => {
  const refused = groups.run(() => {
    throw new Error("no");
  });
  await expect(refused).rejects.toThrow("no");
  await quiet();
  expect(syncs).toEqual([]);
  const next = watch(insert(1));
  await quiet();
  endSync();
  await quiet();
  expect([next.state, numbers()]).toEqual(["done", [1]]);
});
