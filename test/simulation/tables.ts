import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { toOrganization } from "@cadastre/core/context";
import { createDynamoTable } from "@cadastre/store/dynamo";
import type { AnyEntity } from "@cadastre/store/entity";
import { BusyError, ConflictError } from "@cadastre/store/errors";
import { openSqliteTable } from "@cadastre/store/sqlite";
import type { Table, Write } from "@cadastre/store/table";
import { createDynamo } from "./dynamo.ts";
import type { Appeared } from "./facts.ts";
import type { Process, Scheduler } from "./scheduler.ts";

/**
 * What was ever written to, by which all of the table can be read, whether a commit that was answered ever made it, and how often it
 * was loaded.
 */
export type Written = Map<
  string,
  { readonly entity: AnyEntity; readonly key: object; readonly isCommitted: boolean; readonly loads: number }
>;

/** An item that a commit has made. */
export interface Made {
  readonly entity: AnyEntity;
  readonly item: object;
}

export interface Tables {
  /** The table as one process of the API has it. */
  open(process: Process, onFault: (isHard: boolean) => void): Table;
  readonly written: Written;
  /** What was made by commits that were answered. */
  readonly made: readonly Made[];
  /** When each item was first there, in that order, by `pk` and `sk` with a line break between them. */
  readonly appeared: ReadonlyMap<string, Appeared>;
  close(): Promise<void>;
}

/** What of it is one organization's, by keys as they are in its own space. What is global counts as the first one's. */
export function partOf({ written, made, appeared }: Tables, organization: string) {
  const ownKeys = <Value>(all: ReadonlyMap<string, Value>): Map<string, Value> =>
    new Map(
      [...all].flatMap(([key, value]): [string, Value][] => {
        const own = toOrganization(key);
        return own.organization === organization ? [[own.pk, value]] : [];
      }),
    );
  return {
    written: ownKeys(written),
    made: made.filter(
      ({ entity, item }) => toOrganization(entity.keyOf(item as never).pk).organization === organization,
    ),
    appeared: ownKeys(appeared),
  };
}

const keyOf = (write: Write) => {
  const key = "item" in write ? write.item : (write as unknown as { key: object }).key;
  const { pk, sk } = write.entity.keyOf(key as never);
  return `${pk}\n${sk}`;
};

/** A table that notes the keys of all that is written through it, and what was made. */
function noting(table: Table, written: Written, made: Made[]): Table {
  const note = (writes: readonly Write[], by: "attempt" | "commit" | "load") => {
    for (const write of writes) {
      if (write.op === "check") continue;
      const key = "item" in write ? (write.item as object) : (write as unknown as { key: object }).key;
      const text = keyOf(write);
      const before = written.get(text);
      const isCommitted = (by === "commit" && "item" in write) || before?.isCommitted === true;
      const loads = (before?.loads ?? 0) + (by === "load" ? 1 : 0);
      written.set(text, { entity: write.entity, key, isCommitted, loads });
    }
  };
  return {
    ...table,
    async commit(writes, ...rest) {
      note(writes, "attempt");
      await table.commit(writes, ...rest);
      note(writes, "commit");
      for (const write of writes) if (write.op === "create") made.push(write);
    },
    load(writes) {
      note(writes, "load");
      return table.load(writes);
    },
  };
}

/** The store's own driver for DynamoDB, over the simulated service; any number of processes share it. */
export function dynamoTables(scheduler: Scheduler): Tables {
  const dynamo = createDynamo(scheduler);
  const written: Written = new Map();
  const made: Made[] = [];
  return {
    written,
    made,
    appeared: dynamo.appeared,
    open(process, onFault) {
      const random = () => process.random.next();
      const client = dynamo.client({ random, onFault }) as unknown as DynamoDBClient;
      const delay = (milliseconds: number) => scheduler.turn("store waits", { milliseconds });
      return noting(
        createDynamoTable({ client, tableName: "cadastre", now: process.now, random, delay }),
        written,
        made,
      );
    },
    close: async () => undefined,
  };
}

/** The store's own driver for SQLite, in memory. It survives the processes that use it, as a file does. */
export function sqliteTables(scheduler: Scheduler, now: () => Date): Tables {
  const written: Written = new Map();
  const made: Made[] = [];
  const appeared = new Map<string, Appeared>();
  const noteAppeared = (writes: readonly Write[]) => {
    for (const write of writes) {
      const key = write.op === "check" ? undefined : keyOf(write);
      if (key !== undefined && !appeared.has(key)) appeared.set(key, { time: scheduler.time, step: scheduler.steps });
    }
  };
  const shared = openSqliteTable({ path: ":memory:", now, durable: false });

  function gated(onFault: (isHard: boolean) => void): Table {
    const read = async <T>(label: string, work: () => Promise<T>): Promise<T> => {
      await scheduler.turn(`sqlite ${label}`, { mayDie: "api-kill" });
      const result = await scheduler.real(work());
      await scheduler.turn(`sqlite ${label} answered`, { mayDie: "api-kill" });
      return result;
    };
    const write = (label: string, busy: () => Error, work: () => Promise<void>): Promise<void> =>
      read(label, async () => {
        if (scheduler.isFaulty("table-conflict")) {
          onFault(false);
          throw busy();
        }
        await work();
      });
    return {
      ...shared,
      get: (entity, key, options) => read("get", () => shared.get(entity, key, options)),
      getMany: (entity, keys, options) => read("get many", () => shared.getMany(entity, keys, options)),
      query: (entity, query) => read("query", () => shared.query(entity, query)),
      commit: (writes, ...rest) =>
        write(
          "commit",
          () => new ConflictError([{ index: 0, reason: "busy" }]),
          async () => {
            await shared.commit(writes, ...rest);
            noteAppeared(writes);
          },
        ),
      load: (writes) =>
        write(
          "load",
          () => new BusyError("another process holds the file"),
          () => shared.load(writes),
        ),
    };
  }

  return {
    written,
    made,
    appeared,
    open: (_, onFault) => noting(gated(onFault), written, made),
    close: () => shared.close(),
  };
}
