import { createApp } from "@cadastre/api/app";
import { bootstrapAdminToken } from "@cadastre/core/access/bootstrap";
import { type Context, DEFAULT_HOLD_POLICY, DEFAULT_RETENTION_DAYS, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { type EncryptionContext, type Opener, type Sealer, UnreadableError } from "@cadastre/core/vault/ports";
import { type Instance, resetConnections } from "./network.ts";
import type { Process, Scheduler } from "./scheduler.ts";
import type { Tables } from "./tables.ts";

const LONGEST_REST_MILLISECONDS = 20_000;

/** A key service that takes time, fails, and binds each text to its context. Nothing here is secret. */
function createVault(scheduler: Scheduler, onFault: (isHard: boolean) => void): Sealer & Opener {
  const bound = (context: EncryptionContext) =>
    JSON.stringify(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1)));
  async function call(): Promise<void> {
    await scheduler.turn("vault", { mayDie: "api-kill" });
    if (!scheduler.isFaulty("vault-fail")) return;
    onFault(false);
    throw new Error("the key service does not answer");
  }
  return {
    async seal(plaintext, context) {
      const sealed = JSON.stringify([Buffer.from(plaintext).toString("base64"), bound(context)]);
      await call();
      return Buffer.from(sealed);
    },
    async open(ciphertext, context) {
      await call();
      const [text, to] = JSON.parse(Buffer.from(ciphertext).toString()) as [string, string];
      if (to !== bound(context)) throw new UnreadableError();
      return Buffer.from(text, "base64");
    },
  };
}

export interface ApiLine {
  readonly level: string;
  readonly message: string;
  readonly [member: string]: unknown;
}

export type Api = ReturnType<typeof createApi>;

/** Instances of the real app. Each has its own clock, key cache and connection to the table; killed ones start again. */
export function createApi({ scheduler, tables, count }: { scheduler: Scheduler; tables: Tables; count: number }) {
  const machinery = scheduler.spawn("machinery");
  const instances: Instance[] = [];
  const errors: ApiLine[] = [];
  const skews = Array.from({ length: count }, () => 0);
  let lives = 0;

  function contextOf(process: Process, onFault: (isHard: boolean) => void): Context {
    return {
      table: tables.open(process, onFault),
      organization: FIRST_ORGANIZATION,
      now: process.now,
      holdPolicy: DEFAULT_HOLD_POLICY,
      retentionDays: DEFAULT_RETENTION_DAYS,
    };
  }

  function start(place: number): void {
    const process = scheduler.spawn(`api-${place}.${lives++}`, skews[place]);
    const faults = { soft: 0, hard: 0 };
    const onFault = (isHard: boolean) => {
      faults[isHard ? "hard" : "soft"] += 1;
    };
    const vault = createVault(scheduler, onFault);
    const app = createApp({
      context: contextOf(process, onFault),
      vault: { sealer: vault, opener: vault },
      assets: async () => undefined,
      log: (line) => {
        if (line.level === "error") errors.push(line);
      },
      publishTriggers: async () => undefined,
    });
    const instance: Instance = {
      process,
      faults,
      connections: new Set(),
      handle: async (request) => app.fetch(request),
    };
    process.onKilled = () => {
      resetConnections(scheduler, instance);
      const rest = machinery.random.next() * LONGEST_REST_MILLISECONDS;
      scheduler.at(machinery, rest, `api-${place} starts again`, () => start(place));
    };
    instances[place] = instance;
  }

  for (let place = 0; place < count; place++) start(place);

  return {
    /** What a process of the service beside the app works with: its table and its clock. */
    contextOf: (process: Process) => contextOf(process, () => undefined),
    instances: () => instances,
    errors: errors as readonly ApiLine[],
    setClock(nth: number, skewMilliseconds: number): void {
      const place = nth % count;
      skews[place] = skewMilliseconds;
      const process = instances[place]?.process;
      if (process !== undefined) process.skewMilliseconds = skewMilliseconds;
    },
    healClocks(): void {
      skews.fill(0);
      for (const { process } of instances) process.skewMilliseconds = 0;
    },
    /** Makes the first token, as the operator who sets the service up does. */
    async bootstrap(): Promise<string> {
      const process = scheduler.spawn("setup");
      const { secret } = await bootstrapAdminToken(contextOf(process, () => undefined));
      return secret as string;
    },
    /** A context to look into the table with. */
    look: (): Context => contextOf(scheduler.spawn("onlooker"), () => undefined),
  };
}
