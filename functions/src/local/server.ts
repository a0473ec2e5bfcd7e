import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createApp } from "@cadastre/api/app";
import { createFileAssets } from "@cadastre/api/assets";
import { type Lock, tryLock } from "@cadastre/collectors/session/lock";
import type { Log } from "@cadastre/contract/log";
import { bootstrapAdminToken } from "@cadastre/core/access/bootstrap";
import { createRefusals } from "@cadastre/core/audit/refusals";
import { type Context, DEFAULT_HOLD_POLICY, DEFAULT_RETENTION_DAYS } from "@cadastre/core/context";
import { openSqliteTable } from "@cadastre/store/sqlite";
import { createHttpServer } from "../adapters/http-server.ts";
import { requireKeyFile } from "../adapters/key-file.ts";
import { createChangesFile } from "./changes-file.ts";
import type { LocalConfig } from "./config.ts";
import { keepTelling } from "./consumers.ts";
import { ensurePrivateFolder } from "./private-folder.ts";
import { openVaultKey } from "./vault-key.ts";

/** How often those who follow changes look for more. */
const LOOK_MILLISECONDS = 1000;

export interface LocalServer {
  readonly url: string;
  readonly context: Context;
  /** The first admin token's text, when this start made it. */
  readonly firstToken: string | undefined;
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly port: number;
  readonly now: () => Date;
  readonly log: Log;
  /** Told that a run of a job waits. */
  readonly onJobStarted: () => void;
  readonly onTrigger: (collectors: readonly string[]) => void;
  /** Whether somebody is there to be shown a first admin token: it is shown once, or never. */
  readonly makeFirstToken: boolean;
}

/**
 * The API on loopback over a SQLite file and a key file under the data directory. `port` 0 takes any free one. Throws an Error
 * that says what to do when the port is taken or the directory cannot be used.
 */
export async function startLocalServer(config: LocalConfig, options: ServerOptions): Promise<LocalServer> {
  const directory = config.dataDirectory;
  ensurePrivateFolder(directory);
  // Two local runs on one folder would each bring simulated clouds of their own, and take the other's for gone.
  const lock = tryLock(join(directory, "lock.db"));
  if (!lock) throw new Error(`another Cadastre runs on ${directory}; end it, or set CADASTRE_DATA to another folder`);
  try {
    return await start(config, options, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function start(config: LocalConfig, options: ServerOptions, lock: Lock): Promise<LocalServer> {
  const directory = config.dataDirectory;
  const table = openSqliteTable({ path: join(directory, "cadastre.db"), now: options.now });
  const context: Context = {
    table,
    now: options.now,
    holdPolicy: {
      share: config.holdShare ?? DEFAULT_HOLD_POLICY.share,
      floor: config.holdFloor ?? DEFAULT_HOLD_POLICY.floor,
    },
    retentionDays: config.retentionDays ?? DEFAULT_RETENTION_DAYS,
    onJobStarted: options.onJobStarted,
  };
  const keyFile = join(directory, "vault.key");
  const encryption = await openVaultKey(context, keyFile).catch(async (error: unknown) => {
    await table.close();
    throw error;
  });
  const given = config.token === undefined ? undefined : await bootstrapAdminToken(context, { secret: config.token });
  const first = given ?? (options.makeFirstToken ? await bootstrapAdminToken(context) : undefined);
  const ending = new AbortController();
  /** Resolves after a while, or at once and with false when the server ends. */
  const wait = () => delay(LOOK_MILLISECONDS, true, { signal: ending.signal }).catch(() => false);
  const refusals = createRefusals({ context, log: options.log });
  const app = createApp({
    context,
    refusals,
    vault: { sealer: encryption, opener: encryption },
    assets: createFileAssets(),
    log: options.log,
    ready: { vaultKey: () => requireKeyFile({ path: keyFile }) },
    following: { wait },
    publishTriggers: async (triggers) => options.onTrigger(triggers.map((trigger) => trigger.name)),
    ...(config.token && given ? { givenToken: { text: config.token, tokenId: given.tokenId } } : {}),
  });
  const server = createHttpServer((request, from) => app.fetch(request, from), options.now);
  const port = await listen(server, options.port).catch(async (error: unknown) => {
    await table.close();
    throw error;
  });
  const consumers = config.changesFile === undefined ? [] : [createChangesFile(config.changesFile)];
  const telling = keepTelling({ context, consumers, wait, isOver: () => ending.signal.aborted, log: options.log });
  return {
    url: `http://127.0.0.1:${port}`,
    context,
    firstToken: given ? undefined : first?.secret,
    stop: async () => {
      ending.abort();
      await new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      });
      await telling;
      await refusals.flush();
      await table.close();
      lock.release();
    },
  };
}

/** Answers the port; 0 takes any free one. */
function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
    server.on("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "EADDRINUSE"
          ? new Error(`port ${port} is taken by another program; set PORT to a free one`)
          : error,
      );
    });
  });
}
