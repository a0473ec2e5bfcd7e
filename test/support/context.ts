import { type Context, DEFAULT_HOLD_POLICY, DEFAULT_RETENTION_DAYS, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { openSqliteTable } from "@cadastre/store/sqlite";
import type { Table } from "@cadastre/store/table";
import { remembering } from "./index-dump.ts";

/** A clock that moves only when it is told to. */
export function createClock(start = "2026-03-01T00:00:00.000Z") {
  let at = Date.parse(start);
  return {
    now: () => new Date(at),
    forward: (seconds: number) => {
      at += seconds * 1000;
    },
  };
}

export type Clock = ReturnType<typeof createClock>;

export async function createTestContext(
  options: { clock?: Clock; table?: Table } = {},
): Promise<{ context: Context; clock: Clock; table: Table }> {
  const clock = options.clock ?? createClock();
  const table = remembering(options.table ?? openSqliteTable({ path: ":memory:", now: clock.now }));
  return {
    context: {
      table,
      organization: FIRST_ORGANIZATION,
      now: clock.now,
      holdPolicy: DEFAULT_HOLD_POLICY,
      retentionDays: DEFAULT_RETENTION_DAYS,
    },
    clock,
    table,
  };
}
