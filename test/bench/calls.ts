import { fork } from "node:child_process";
import { once } from "node:events";

/** What a benchmark's process does when it is asked; arguments and answers are JSON. */
export type Handlers = Readonly<Record<string, (argument: never) => unknown>>;

interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

export interface Process<H extends Handlers> {
  /** Asks the process; throws an Error with its stack when it fails, or when it ends before it answers. */
  call<Name extends keyof H & string>(
    name: Name,
    argument: Parameters<H[Name]>[0],
  ): Promise<Awaited<ReturnType<H[Name]>>>;
  stop(): Promise<void>;
}

/** Serves the calls of the process that started this one, until that one lets go. */
export function serveCalls(handlers: Handlers): void {
  process.on("message", async (message) => {
    const { id, name, argument } = message as Call;
    try {
      const handler = handlers[name];
      if (!handler) throw new Error(`there is no ${name}`);
      process.send?.({ id, result: await handler(argument as never) } satisfies Answer);
    } catch (error) {
      process.send?.({ id, error: (error as Error).stack ?? String(error) } satisfies Answer);
    }
  });
  process.on("disconnect", () => process.exit(0));
}

/** Starts a process of its own, so that its memory and CPU time are its own. `flags` are Node's. */
export function startProcess<H extends Handlers>(script: string, flags: readonly string[] = []): Process<H> {
  const child = fork(new URL(script, import.meta.url), {
    execArgv: [...flags],
    stdio: ["ignore", 2, "inherit", "ipc"],
  });
  const open = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  let last = 0;
  child.on("message", (message) => {
    const { id, result, error } = message as Answer;
    const waiting = open.get(id);
    open.delete(id);
    if (error === undefined) waiting?.resolve(result as never);
    else waiting?.reject(new Error(`${script}: ${error}`));
  });
  const ended = once(child, "exit").then(([code, signal]) => {
    for (const { reject } of open.values()) reject(new Error(`${script} ended (${code ?? signal})`));
    open.clear();
  });
  return {
    call: (name, argument) =>
      new Promise((resolve, reject) => {
        const id = ++last;
        open.set(id, { resolve, reject });
        child.send({ id, name, argument } satisfies Call, (error) => {
          if (error && open.delete(id)) reject(error);
        });
      }),
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
