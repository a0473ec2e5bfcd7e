import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

type Message =
  | { readonly type: "ready"; readonly importMilliseconds: number }
  | { readonly type: "answer"; readonly id: number; readonly result?: unknown; readonly error?: string };

export interface Lambda {
  /** How long the bundle took to load, in a new process. */
  readonly importMilliseconds: number;
  /** Rejects with the function's error. */
  readonly invoke: (event: unknown) => Promise<unknown>;
  /** What it wrote to its log so far. */
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

/** Starts a packed function in a process of its own, which sees the given environment alone. Rejects when it does not load. */
export async function startLambda(bundle: string, environment: Readonly<Record<string, string>>): Promise<Lambda> {
  const script = fileURLToPath(new URL("lambda-child.ts", import.meta.url));
  const child = fork(script, [`${bundle}/index.mjs`], {
    env: { ...environment },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const endedEarly = exited.then((): never => {
    throw new Error(`the function ended:\n${text}`);
  });
  // Nobody may be waiting when it ends.
  endedEarly.catch(() => undefined);
  const waiting = new Map<number, (message: Extract<Message, { type: "answer" }>) => void>();
  let count = 0;

  const loaded = new Promise<number>((resolve) => {
    child.on("message", (message: Message) => {
      if (message.type === "ready") resolve(message.importMilliseconds);
      else waiting.get(message.id)?.(message);
    });
  });
  const importMilliseconds = await Promise.race([loaded, endedEarly]);
  return {
    importMilliseconds,
    invoke: (event) => {
      const answered = new Promise((resolve, reject) => {
        const id = count++;
        waiting.set(id, ({ result, error }) => {
          waiting.delete(id);
          if (error === undefined) resolve(result);
          else reject(new Error(error));
        });
        child.send({ id, event });
      });
      return Promise.race([answered, endedEarly]);
    },
    output: () => text,
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}
