import type { AuditRecord } from "@cadastre/contract/audit/record";
import type { Role } from "@cadastre/contract/principal";
import { openSqliteTable } from "@cadastre/store/sqlite";
import type { Table } from "@cadastre/store/table";
import {
  type Actor,
  type Context,
  DEFAULT_HOLD_POLICY,
  DEFAULT_RETENTION_DAYS,
  FIRST_ORGANIZATION,
  type Principal,
  principalOf,
} from "../context.ts";
import { listAudit } from "./list.ts";

export interface TestContext extends Context {
  /** Moves the clock. */
  readonly advance: (seconds: number) => void;
}

/** For tests: a context over a table in memory (or the one given), with a clock that moves only when told to. */
export function aContext({
  start = "2026-11-22T05:00:00.000Z",
  table,
  path = ":memory:",
}: {
  start?: string;
  table?: (now: () => Date) => Table;
  path?: string;
} = {}): TestContext {
  let time = Date.parse(start);
  const now = () => new Date(time);
  return {
    table: table ? table(now) : openSqliteTable({ path, now }),
    organization: FIRST_ORGANIZATION,
    now,
    holdPolicy: DEFAULT_HOLD_POLICY,
    retentionDays: DEFAULT_RETENTION_DAYS,
    advance: (seconds) => {
      time += seconds * 1000;
    },
  };
}

/** For tests: who acts, by type and id. */
export function anActorOf(type: Principal["type"], id: string, requestId = "req_1"): Actor {
  return { principal: principalOf({ type, id }), requestId };
}

export const anActor: Actor = anActorOf("user", "usr_01JD0000000000000000000000");

/** For tests: an actor by a token with these scopes. */
export function withScopes(actor: Actor, scopes: readonly string[], accounts?: readonly string[]): Actor {
  const token = { id: "tok_01JD0000000000000000000000", scopes, ...(accounts === undefined ? {} : { accounts }) };
  return { ...actor, principal: { ...actor.principal, token } };
}

/** The same who holds roles in the whole system. */
function withRoles(actor: Actor, ...roles: Role[]): Actor {
  const held = roles.map((role, at) => ({
    id: `rbd_01JD000000000000000000000${at}`,
    role,
    resource: { type: "system" as const, id: "system" },
  }));
  return { ...actor, principal: { ...actor.principal, roles: held } };
}

/** For tests: the same with a token that may do everything. */
export const anAdmin: Actor = withRoles(withScopes(anActor, ["admin"]), "SystemAdmin");

/** For tests: a record with who acted and what it was done to as texts. */
export function asTexts({ actor, resource, ...record }: AuditRecord) {
  return { ...record, actor: actor.type === actor.id ? actor.id : `${actor.type}:${actor.id}`, target: resource.id };
}

/** For tests: the newest 1,000 records with such texts, oldest first. */
export async function auditRecords(context: Context): Promise<ReturnType<typeof asTexts>[]> {
  const { items } = await listAudit(context, { limit: 1000 });
  return items.toReversed().map(asTexts);
}

/** For tests: a table that does something before each read. */
export function beforeReads(table: Table, look: () => Promise<void>): Table {
  return {
    ...table,
    async get(...of) {
      await look();
      return table.get(...of);
    },
    async getMany(...of) {
      await look();
      return table.getMany(...of);
    },
    async query(...of) {
      await look();
      return table.query(...of);
    },
  };
}

/** For tests: a table whose reads come from a replica that has heard of nothing yet, but for those that ask to be consistent. */
export function withNothingHeard(table: Table): Table {
  return {
    ...table,
    get: async (entity, key, how) => (how?.consistent ? table.get(entity, key, how) : undefined),
    getMany: async (entity, keys, how) =>
      how?.consistent ? table.getMany(entity, keys, how) : keys.map(() => undefined),
    query: async (entity, query) => (query.consistent ? table.query(entity, query) : { items: [] }),
  };
}

/** For tests: a context with such a table. */
export function withEmptyReplica<Some extends Context>(context: Some): Some {
  return { ...context, table: withNothingHeard(context.table) };
}
