import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createApp } from "@cadastre/api/app";
import { createFileAssets } from "@cadastre/api/assets";
import { type Lock, tryLock } from "@cadastre/collectors/session/lock";
import type { Log } from "@cadastre/contract/log";
import { bootstrapAdminToken } from "@cadastre/core/access/bootstrap";
import { spacesConsumer } from "@cadastre/core/addresses/discovered/consumer";
import { createRefusals } from "@cadastre/core/audit/refusals";
import { type Context, DEFAULT_HOLD_POLICY, DEFAULT_RETENTION_DAYS, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { toRelyingParty } from "@cadastre/core/login/passkeys";
import { openSqliteTable } from "@cadastre/store/sqlite";
import { createHttpServer } from "../adapters/http-server.ts";
import { requireKeyFile } from "../adapters/key-file.ts";
import { createOutside } from "../adapters/outside.ts";
import { openLocalSealing } from "./audit-key.ts";
import { createChangesFile } from "./changes-file.ts";
import type { LocalConfig } from "./config.ts";
import { keepTelling } from "./consumers.ts";
import { toFolderError } from "./data-folder.ts";
import { keepForwarding } from "./forwarding.ts";
import { ensurePrivateFolder } from "./private-folder.ts";
import { openVaultKey } from "./vault-key.ts";

/** How often those who follow changes look for more. */
const LOOK_MILLISECONDS = 1000;

export interface LocalServer {
  readonly url: string;
  readonly context: Context;
  /** Whether an admin token of the user's own making stands for the first one. */
  readonly hasGivenToken: boolean;
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly port: number;
  readonly now: () => Date;
  readonly log: Log;
  /** Told that a run of a job waits. */
  readonly onJobStarted: () => void;
  readonly onTrigger: (collectors: readonly string[]) => void;
}

/**
 * The API on loopback over a SQLite file and a key file under the data directory. `port` 0 takes any free one. Throws an Error
 * that says what to do when the port is taken, before anything is made, or the directory cannot be used.
 */
export async function startLocalServer(config: LocalConfig, options: ServerOptions): Promise<LocalServer> {
  const directory = config.dataDirectory;
  const app = Promise.withResolvers<Awaited<ReturnType<typeof start>>["app"]>();
  // Whoever is early waits.
  const server = createHttpServer(async (request, from) => (await app.promise).fetch(request, from), options.now);
  const port = await listen(server, options.port);
  let lock: Lock | undefined;
  try {
    ensurePrivateFolder(directory);
    // Two local runs on one folder would each bring simulated clouds of their own, and take the other's for gone.
    lock = tryLock(join(directory, "lock.db"));
    if (!lock) throw new Error(`another Cadastre runs on ${directory}; end it, or set CADASTRE_DATA to another folder`);
    const started = await start(config, options, port);
    app.resolve(started.app);
    return {
      url: `http://127.0.0.1:${port}`,
      context: started.context,
      hasGivenToken: started.hasGivenToken,
      async stop() {
        started.endFollowing();
        await close(server);
        await started.stop();
        lock?.release();
      },
    };
  } catch (error) {
    await close(server);
    lock?.release();
    throw toFolderError(error, directory);
  }
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
}

async function start(config: LocalConfig, options: ServerOptions, port: number) {
  const directory = config.dataDirectory;
  const table = openSqliteTable({ path: join(directory, "cadastre.db"), now: options.now });
  const context: Context = {
    table,
    organization: FIRST_ORGANIZATION,
    now: options.now,
    holdPolicy: {
      share: config.holdShare ?? DEFAULT_HOLD_POLICY.share,
      floor: config.holdFloor ?? DEFAULT_HOLD_POLICY.floor,
    },
    retentionDays: config.retentionDays ?? DEFAULT_RETENTION_DAYS,
    sealing: openLocalSealing({ keyFile: join(directory, "audit.key"), directory: join(directory, "audit") }),
    onJobStarted: options.onJobStarted,
  };
  const keyFile = join(directory, "vault.key");
  const encryption = await openVaultKey(context, keyFile).catch(async (error: unknown) => {
    await table.close();
    throw error;
  });
  const given = config.token === undefined ? undefined : await bootstrapAdminToken(context, { secret: config.token });
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
    relyingParty: config.relyingParty ?? toRelyingParty(`http://localhost:${port}`),
    outside: createOutside({ loopback: config.loopbackProviders }),
    trustedProxies: config.trustedProxies,
    following: { wait },
    publishTriggers: async (triggers) => options.onTrigger(triggers.map((trigger) => trigger.name)),
    ...(config.token && given ? { givenToken: { text: config.token, tokenId: given.tokenId } } : {}),
  });
  const consumers = [
    spacesConsumer,
    ...(config.changesFile === undefined ? [] : [createChangesFile(config.changesFile)]),
  ];
  const telling = keepTelling({ context, consumers, wait, isOver: () => ending.signal.aborted, log: options.log });
  const { signal } = ending;
  const forwarding = keepForwarding({ context, allowed: config.forwardTo, wait, ending: signal, log: options.log });
  return {
    app,
    context,
    hasGivenToken: given !== undefined,
    endFollowing: () => ending.abort(),
    async stop() {
      await Promise.all([telling, forwarding]);
      await refusals.flush();
      await table.close();
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
