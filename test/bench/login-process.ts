import { join } from "node:path";
import { authenticateToken } from "@cadastre/core/access/authenticate-token";
import { bootstrapAdminToken } from "@cadastre/core/access/bootstrap";
import { type Context, DEFAULT_HOLD_POLICY, DEFAULT_RETENTION_DAYS, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { authenticateSession } from "@cadastre/core/login/authenticate-session";
import { createLogIn } from "@cadastre/core/login/log-in";
import { createLoginKey } from "@cadastre/core/login/login-key";
import { createPasswordCheck } from "@cadastre/core/login/password-check";
import { aPerson, PASSWORD } from "@cadastre/core/login/testing";
import { aVault } from "@cadastre/core/vault/testing";
import { openSqliteTable } from "@cadastre/store/sqlite";
import { serveCalls } from "./calls.ts";

/* What proves who somebody is, over a store file, in a process of its own. */

async function timed(count: number, width: number, work: () => Promise<unknown>) {
  const milliseconds: number[] = [];
  let left = count;
  const worker = async () => {
    for (; left > 0; ) {
      left -= 1;
      const started = performance.now();
      await work();
      milliseconds.push(performance.now() - started);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: width }, worker));
  return { milliseconds, seconds: (performance.now() - started) / 1000 };
}

const handlers = {
  async measure({ directory, logins, checks }: { directory: string; logins: number; checks: number }) {
    const now = () => new Date();
    const table = openSqliteTable({ path: join(directory, "login.db"), now });
    const context: Context = {
      table,
      organization: FIRST_ORGANIZATION,
      now,
      holdPolicy: DEFAULT_HOLD_POLICY,
      retentionDays: DEFAULT_RETENTION_DAYS,
    };
    const passwords = createPasswordCheck();
    const ports = { opener: aVault(), passwords, loginKey: createLoginKey(context) };
    const { secret = "" } = await bootstrapAdminToken(context);
    const people = Array.from({ length: 8 }, (_, n) => `person ${n}`);
    for (const userName of people) await aPerson(context, { userName, passwords });
    const logIn = createLogIn();
    let next = 0;
    const one = () => {
      next += 1;
      const userName = people[next % people.length] as string;
      return logIn(context, ports, { userName, password: PASSWORD }, { requestId: "req_1" });
    };
    const { text } = await one();
    const byLogin = await timed(logins, 8, one);
    const bySession = await timed(checks, 1, () => authenticateSession(context, text, "192.0.2.1"));
    const byToken = await timed(checks, 1, () => authenticateToken(context, secret, undefined, "192.0.2.1"));
    await table.close();
    return { byLogin, bySession, byToken };
  },
};

export type LoginHandlers = typeof handlers;

serveCalls(handlers);
