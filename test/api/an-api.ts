import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gzipSync } from "node:zlib";
import { createApp } from "@cadastre/api/app";
import { createFileAssets } from "@cadastre/api/assets";
import type { Collector, NewCollector } from "@cadastre/contract/collector";
import type { LogLine } from "@cadastre/contract/log";
import { signRequest } from "@cadastre/contract/signature";
import { type CreatedToken, newToken, type TokenScope } from "@cadastre/contract/token";
import { adminRoles } from "@cadastre/core/access/admin-grant";
import { bootstrapAdminToken } from "@cadastre/core/access/bootstrap";
import { approveCollector } from "@cadastre/core/access/decide-collector";
import { registerCollector } from "@cadastre/core/access/register-collector";
import { aCollector, aKey, anOwner, type TestKey } from "@cadastre/core/access/testing";
import { createToken } from "@cadastre/core/access/tokens";
import { AuditItem, AuditOpenItem } from "@cadastre/core/audit/items";
import {
  type Actor,
  type Context,
  DEFAULT_HOLD_POLICY,
  DEFAULT_RETENTION_DAYS,
  FIRST_ORGANIZATION,
  systemActor,
} from "@cadastre/core/context";
import { UserItem } from "@cadastre/core/directory/items";
import type { TrustedProxies } from "@cadastre/core/limits/client-address";
import type { Outside } from "@cadastre/core/limits/outside";
import { type RelyingParty, toRelyingParty } from "@cadastre/core/login/passkeys";
import { aPerson, cheapPasswords, PASSWORD } from "@cadastre/core/login/testing";
import { createKeyFileEncryption, ensureKeyFile } from "@cadastre/functions/adapters/key-file";
import { createOutside } from "@cadastre/functions/adapters/outside";
import { decodeBody } from "@cadastre/store/body";
import { unpackFields } from "@cadastre/store/packed";
import { openSqliteTable } from "@cadastre/store/sqlite";
import type { Table } from "@cadastre/store/table";
import { replace } from "@cadastre/store/table";
import { aBrowser, type Browser } from "./a-browser.ts";

const LOGIN = "/api/v1/auth/login";
const FROM = { remoteAddress: "192.0.2.7" };

/** A browser of somebody who has logged in. */
export interface Visitor extends Browser {
  readonly id: string;
  readonly userName: string;
}

export const ORIGIN = "https://cadastre.test";
export const ACCOUNT = "111122223333";
export const SYSTEM: Actor = systemActor("test");

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly token?: string;
  readonly headers?: Record<string, string>;
  /** JSON, or bytes as they are. */
  readonly body?: unknown;
}

export interface Signed {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly at?: Date;
  readonly gzip?: boolean;
  /** Says that the body is compressed, as it is. */
  readonly isCompressed?: boolean;
  readonly contentType?: string;
}

const bytesOf = (body: unknown): Uint8Array<ArrayBuffer> =>
  body instanceof Uint8Array ? new Uint8Array(body) : new TextEncoder().encode(JSON.stringify(body));

/** The request that a collector with this key sends. */
export async function aSignedRequest(key: TestKey, sent: Signed, origin = ORIGIN): Promise<Request> {
  const { method, path, at = new Date(), contentType = "application/json" } = sent;
  const plain = sent.body === undefined ? new Uint8Array() : bytesOf(sent.body);
  const body = sent.gzip ? new Uint8Array(gzipSync(plain)) : plain;
  const url = `${origin}${path}`;
  const signed = await signRequest({ method, url, contentType, body }, key.signer, at);
  const headers = { ...signed, ...(sent.gzip || sent.isCompressed ? { "content-encoding": "gzip" } : {}) };
  return new Request(url, { method, headers, ...(method === "GET" ? {} : { body }) });
}

/** A table's file to be looked at, where `shown(type, body)` is a row's body, and of an audit record, however it is stored, the record. */
function openShown(path: string): DatabaseSync {
  const file = new DatabaseSync(path, { readOnly: true });
  file.function("shown", { deterministic: true }, (type, body) => {
    if (type !== AuditItem.type && type !== AuditOpenItem.type) return body;
    const { text } = unpackFields(AuditItem, decodeBody(String(body)));
    return String(text);
  });
  return file;
}

/**
 * The app over a real table: in memory, or with `onFile` in a file that can be looked at. The clock stands still until it is
 * moved. Close it after use.
 */
export async function anApi({
  onFile = false,
  hasVault = true,
  canFollow = true,
  trustedProxies,
  relyingParty = toRelyingParty(ORIGIN),
  outside = createOutside({ loopback: true }),
  start = new Date("2026-11-20T12:00:00.000Z"),
  seen = (table) => table,
  openTable,
  stsEndpoint,
}: {
  onFile?: boolean;
  hasVault?: boolean;
  canFollow?: boolean;
  trustedProxies?: TrustedProxies;
  /** Where people log in; false where the configuration does not say it. */
  relyingParty?: RelyingParty | false;
  /** How identity providers and issuers are asked: on this machine, unless another way is given. */
  outside?: Outside;
  /** When its clock stands still at first. */
  start?: Date;
  /** The table as the app sees it. */
  seen?: (table: Table) => Table;
  /** Another table than the one of SQLite. */
  openTable?: (now: () => Date) => Promise<Table>;
  stsEndpoint?: string;
} = {}) {
  let time = start.getTime();
  const now = () => new Date(time);
  const folder = mkdtempSync(join(tmpdir(), "cadastre-api-"));
  const path = onFile ? join(folder, "table.db") : ":memory:";
  const table = openTable ? await openTable(now) : openSqliteTable({ path, now, durable: false });
  const context: Context = {
    table,
    organization: FIRST_ORGANIZATION,
    now,
    holdPolicy: DEFAULT_HOLD_POLICY,
    retentionDays: DEFAULT_RETENTION_DAYS,
  };
  const lines: LogLine[] = [];
  const published: { name: string; id: string }[][] = [];
  const keyFile = { path: join(folder, "vault.key") };
  ensureKeyFile(keyFile);
  const vault = createKeyFileEncryption(keyFile);
  const looks: ((again: boolean) => void)[] = [];
  const app = createApp({
    context: { ...context, table: seen(table) },
    ...(relyingParty === false ? {} : { relyingParty }),
    passwords: cheapPasswords(),
    outside,
    ...(trustedProxies === undefined ? {} : { trustedProxies }),
    stsEndpoint,
    ...(canFollow ? { following: { wait: () => new Promise<boolean>((again) => void looks.push(again)) } } : {}),
    ...(hasVault ? { vault: { sealer: vault, opener: vault } } : {}),
    assets: createFileAssets(),
    log: (line) => void lines.push(line),
    publishTriggers: async (triggers) => void published.push([...triggers]),
  });
  const { secret: admin = "" } = await bootstrapAdminToken(context);

  async function aToken(scopes: readonly TokenScope[], expiresInSeconds = 3600): Promise<CreatedToken> {
    const input = newToken.parse({ name: "test", scopes, principal: await anOwner(context), expiresInSeconds });
    return createToken(context, SYSTEM, input);
  }

  /** A collector with a key, approved. */
  async function aReporter(
    more: Partial<NewCollector> = {},
    type: "ed25519" | "p256" = "ed25519",
  ): Promise<{ key: TestKey; collector: Collector }> {
    const key = aKey(type);
    const input = aCollector(key, { accounts: [ACCOUNT], ...more });
    const { id } = await registerCollector(context, SYSTEM, input, { mayReveal: true });
    return { key, collector: await approveCollector(context, SYSTEM, id) };
  }

  /** A form, as OAuth's endpoints take it. */
  async function sendForm(path: string, form: Readonly<Record<string, string>>): Promise<Response> {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return app.request(
      `${ORIGIN}${path}`,
      { method: "POST", headers, body: new URLSearchParams(form).toString() },
      FROM,
    );
  }

  /** A request with the admin's token, unless another one, or the empty one for none, is given. */
  async function send({ method, path, token = admin, headers = {}, body }: Sent): Promise<Response> {
    return app.request(`${ORIGIN}${path}`, {
      method,
      headers: {
        ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: bytesOf(body) }),
    });
  }

  async function sign(key: TestKey, sent: Signed): Promise<Response> {
    return app.request(await aSignedRequest(key, { at: now(), ...sent }));
  }

  /** Somebody who has logged in: with the roles of the first admin, or no role at all. */
  async function aVisitor({
    userName = "anna",
    isAdmin = true,
    from,
  }: {
    userName?: string;
    isAdmin?: boolean /** Where the browser is. */;
    from?: object;
  } = {}): Promise<Visitor> {
    const { id, version } = await aPerson(context, { userName });
    const stored = isAdmin ? await context.table.get(UserItem, { id }, { consistent: true }) : undefined;
    if (stored && stored.version === version) {
      const { version: seenAt, ...item } = stored;
      await context.table.commit([replace(UserItem, { ...item, roles: adminRoles(now()) }, seenAt)]);
    }
    const visitor = aBrowser(app, ORIGIN, from);
    await visitor.send({ method: "POST", path: LOGIN, body: { userName, password: PASSWORD } });
    return Object.assign(visitor, { id, userName });
  }

  /** Every row of the table but nonces, when tokens were last used, records of refusals and what goes with records, as text: two dumps are equal when nothing else was written between them. */
  function dump(): string {
    const file = openShown(path);
    try {
      const rows = file
        .prepare(
          "SELECT p.pk, i.*, shown(i.type, i.body) AS body FROM items i JOIN partitions p ON p.id = i.partition WHERE i.type NOT IN ('nonce', 'audit-entry', 'person-key', 'token-use') AND NOT (i.type IN ('audit', 'audit-open') AND json_extract(shown(i.type, i.body), '$.outcome') <> 'done') ORDER BY p.pk, i.sk",
        )
        .all();
      return rows.map((row) => JSON.stringify(row)).join("\n");
    } finally {
      file.close();
    }
  }

  /**
   * What changes with each write of what `dump` has, but for sessions, whose last use is noted, and how often is tried: the number of
   * rows, and the sum of their versions, which are random and new with each write. It costs a fraction of a dump.
   */
  function fingerprint(): string {
    const file = openShown(path);
    try {
      const found = file
        .prepare(
          "SELECT count(*) AS rows, total(version) AS versions FROM items WHERE type NOT IN ('nonce', 'audit-entry', 'person-key', 'session', 'rate', 'login-key', 'token-use') AND NOT (type IN ('audit', 'audit-open') AND json_extract(shown(type, body), '$.outcome') <> 'done')",
        )
        .get();
      return JSON.stringify(found);
    } finally {
      file.close();
    }
  }

  return {
    app,
    context,
    admin,
    lines,
    published,
    vault,
    now,
    pass: (seconds: number) => {
      time += seconds * 1000;
    },
    /** Has those who follow changes look again. */
    async look() {
      while (looks.length === 0) await new Promise((resolve) => setImmediate(resolve));
      for (const again of looks.splice(0)) again(true);
    },
    aToken,
    aVisitor,
    aReporter,
    send,
    sendForm,
    sign,
    dump,
    fingerprint,
    async close() {
      await table.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export type TestApi = Awaited<ReturnType<typeof anApi>>;

/** The document of a problem, or the JSON of any answer. */
export async function jsonOf(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

/** Status and code, the two that a caller decides by. */
export async function outcomeOf(response: Response): Promise<string> {
  return `${response.status} ${String((await jsonOf(response)).code)}`;
}
