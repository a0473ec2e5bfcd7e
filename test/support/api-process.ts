import { type ChildProcess, fork } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKeySigner, parsePublicKey, type RequestSigner } from "@cadastre/contract/keys";
import type { Provider } from "@cadastre/contract/scope";
import { DEFAULT_HOLD_POLICY, DEFAULT_RETENTION_DAYS, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { openSqliteTable } from "@cadastre/store/sqlite";
import { snapshot } from "./register.ts";

/** A collector that the API knows from its start. */
interface KnownCollector {
  readonly name: string;
  readonly providers: readonly Provider[];
  readonly publicKey: string;
  readonly fingerprint: string;
}

export interface ChildOptions {
  readonly directory: string;
  readonly port: number;
  readonly collectors: readonly KnownCollector[];
}

/** The write, counted from now, at which the process kills itself. */
export interface Arm {
  readonly write: number;
  readonly when: "before" | "after";
}

export type ChildAnswer =
  | { readonly port: number }
  | { readonly armed: true }
  | { readonly heapBytes: number; readonly arrayBytes: number };

export interface TestCollector extends KnownCollector {
  readonly signer: RequestSigner;
}

export function aTestCollector(name: string): TestCollector {
  const keys = generateKeyPairSync("ed25519");
  const publicKey = keys.publicKey.export({ type: "spki", format: "pem" }).toString();
  const { fingerprint } = parsePublicKey(publicKey);
  return { name, providers: ["aws"], publicKey, fingerprint, signer: createKeySigner(keys.privateKey) };
}

const CHILD = join(import.meta.dirname, "api-child.ts");

/** The API as a process over a file, which can be killed and started again at the same address. */
export async function startApiProcess(options: {
  readonly collectors: readonly KnownCollector[];
  readonly nodeOptions?: readonly string[];
}) {
  const directory = mkdtempSync(join(tmpdir(), "cadastre-flow-"));
  // A signer beside it stays here.
  const collectors = options.collectors.map(({ name, providers, publicKey, fingerprint }): KnownCollector => {
    return { name, providers, publicKey, fingerprint };
  });
  let child: ChildProcess;
  let exited: Promise<unknown>;
  let port = 0;
  let dying = false;
  let reviving: Promise<void> | undefined;
  let kills = 0;

  async function ask<T extends ChildAnswer>(message: Arm | "measure" | undefined): Promise<T> {
    const answer = once(child, "message") as Promise<[T]>;
    if (message !== undefined) child.send(message);
    const ended = exited.then(() => Promise.reject(new Error("the API ended instead of answering")));
    return (await Promise.race([answer, ended]))[0];
  }

  async function start(): Promise<void> {
    const argument: ChildOptions = { directory, port, collectors };
    child = fork(CHILD, [JSON.stringify(argument)], { execArgv: [...(options.nodeOptions ?? [])] });
    exited = once(child, "exit");
    dying = false;
    ({ port } = await ask<{ port: number }>(undefined));
  }

  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    directory,
    kills: () => kills,
    async arm(arm: Arm): Promise<void> {
      await ask(arm);
      dying = true;
    },
    kill(): void {
      dying = true;
      child.kill("SIGKILL");
    },
    async down(): Promise<void> {
      child.kill("SIGKILL");
      await exited;
    },
    start,
    /** Starts the API again when it was to be killed; for a session that found nobody there. */
    revive(): Promise<void> {
      if (!dying) return reviving ?? Promise.resolve();
      reviving ??= exited.then(async () => {
        kills++;
        await start();
        reviving = undefined;
      });
      return reviving;
    },
    measure: () => ask<{ heapBytes: number; arrayBytes: number }>("measure"),
    /** Ends the process for good and says what is in its register. */
    async endWithSnapshot() {
      child.kill("SIGKILL");
      await exited;
      const now = () => new Date();
      const table = openSqliteTable({ path: join(directory, "cadastre.db"), now });
      try {
        return await snapshot({
          table,
          organization: FIRST_ORGANIZATION,
          now,
          holdPolicy: DEFAULT_HOLD_POLICY,
          retentionDays: DEFAULT_RETENTION_DAYS,
        });
      } finally {
        await table.close();
      }
    },
    async remove(): Promise<void> {
      child.kill("SIGKILL");
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export type ApiProcess = Awaited<ReturnType<typeof startApiProcess>>;
