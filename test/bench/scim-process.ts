import { newId } from "@cadastre/contract/ids";
import {
  type Context,
  DEFAULT_HOLD_POLICY,
  DEFAULT_RETENTION_DAYS,
  FIRST_ORGANIZATION,
  systemActor,
} from "@cadastre/core/context";
import { UserItem } from "@cadastre/core/directory/items";
import { placeWrites } from "@cadastre/core/directory/names";
import { toUserItem } from "@cadastre/core/directory/users";
import { createPasswordCheck } from "@cadastre/core/login/password-check";
import { PIECE_SIZE, ScimPieceItem } from "@cadastre/core/scim/items";
import { listResources } from "@cadastre/core/scim/list";
import { readQuery } from "@cadastre/core/scim/list-request";
import { placeResource } from "@cadastre/core/scim/resource-writes";
import { ENTERPRISE_SCHEMA, USERS } from "@cadastre/core/scim/schemas";
import type { Service } from "@cadastre/core/scim/service";
import { openSqliteTable } from "@cadastre/store/sqlite";
import { type BulkWrite, put, type Write } from "@cadastre/store/table";
import { serveCalls } from "./calls.ts";

/* A SCIM source with many users in a SQLite file, and lists of them in process. */

const SOURCE = "scs_01JD0000000000000000000000";
const AT_ONCE = 1000;
const at = new Date("2026-11-20T12:00:00.000Z");

const nameAt = (n: number): string => `user-${n}@example.com`;

/** What is made for a new user, as what is put: nobody else writes here. */
function toPuts(writes: readonly Write[]): BulkWrite[] {
  return writes.flatMap((write) =>
    write.op === "create" || write.op === "put" ? [put(write.entity, write.item as never)] : [],
  );
}

function rowsOf(n: number): BulkWrite[] {
  const id = newId("user", at);
  const createdAt = at.toISOString();
  const known = { userName: nameAt(n), displayName: `User ${n}`, email: nameAt(n) };
  const values = {
    active: true,
    externalId: `ext-${n}`,
    displayName: known.displayName,
    name: { givenName: "User", familyName: `Number ${n}` },
    emails: [{ value: known.email, type: "work", primary: true }],
    title: n % 7 === 0 ? "Engineer" : "Clerk",
    [ENTERPRISE_SCHEMA]: { department: `Department ${n % 40}`, employeeNumber: String(n) },
  };
  const piece = String(Math.floor(n / PIECE_SIZE)).padStart(6, "0");
  return toPuts([
    ...placeWrites({ type: "user", id, organization: FIRST_ORGANIZATION }, known.userName),
    put(UserItem, toUserItem(id, known, { now: at, createdBy: "system" })),
    ...placeResource({ id, source: SOURCE, type: "User", piece, values, createdAt, updatedAt: createdAt }),
  ]);
}

let service: Service | undefined;

const handlers = {
  async open({ path, users }: { path: string; users: number }) {
    const table = openSqliteTable({ path, now: () => at });
    for (let first = 0; first < users; first += AT_ONCE) {
      await table.load(Array.from({ length: Math.min(AT_ONCE, users - first) }, (_, n) => rowsOf(first + n)).flat());
    }
    const pieces = Array.from({ length: Math.ceil(users / PIECE_SIZE) }, (_, n) =>
      put(ScimPieceItem, {
        source: SOURCE,
        type: "User" as const,
        piece: String(n).padStart(6, "0"),
        count: Math.min(PIECE_SIZE, users - n * PIECE_SIZE),
      }),
    );
    await table.load(pieces);
    const context: Context = {
      table,
      organization: FIRST_ORGANIZATION,
      now: () => at,
      holdPolicy: DEFAULT_HOLD_POLICY,
      retentionDays: DEFAULT_RETENTION_DAYS,
    };
    const base = "http://127.0.0.1/scim/v2";
    service = { context, actor: systemActor("bench"), source: SOURCE, passwords: createPasswordCheck(), base };
  },
  /** Milliseconds of each list, and how many resources they had in all. */
  async list(queries: readonly Record<string, string>[]) {
    if (!service) throw new Error("open first");
    const milliseconds: number[] = [];
    let found = 0;
    for (const query of queries) {
      const started = performance.now();
      const answer = await listResources(service, [USERS], readQuery(query));
      const text = JSON.stringify(answer);
      milliseconds.push(performance.now() - started);
      found += (JSON.parse(text) as { itemsPerPage: number }).itemsPerPage;
    }
    return { milliseconds, found };
  },
};
export type ScimHandlers = typeof handlers;

serveCalls(handlers);
