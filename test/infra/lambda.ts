import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { endOf, withoutEnds } from "./lambda-end.ts";

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
  // As Lambda has it: its own, and empty. Another deployment on this machine would take what waits there for its own.
  const scratch = mkdtempSync(join(tmpdir(), "cadastre-lambda-"));
  const child = fork(script, [`${bundle}/index.mjs`], {
    env: { TMPDIR: scratch, ...environment },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let text = "";
  const reading = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      for (const look of reading) look();
    });
  }
  /** Resolves once all that an invocation wrote has come: its answer can be here before that. */
  const written = (id: number) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!text.includes(`${endOf(id)}\n`)) return;
        reading.delete(look);
        resolve();
      };
      reading.add(look);
      look();
    });
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
          void written(id).then(() => (error === undefined ? resolve(result) : reject(new Error(error))));
        });
        child.send({ id, event });
      });
      return Promise.race([answered, endedEarly]);
    },
    output: () => withoutEnds(text),
    stop: async () => {
      child.kill();
      await exited;
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
