import { spawn } from "node:child_process";
import { root } from "./access-patterns.ts";
import { COMPILED } from "./compiled.ts";

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The local run as a person starts it, over a small simulated estate, with nothing of this process's environment but the path. */
export function startLocal(args: readonly string[], environment: Readonly<Record<string, string>>) {
  const small = { CADASTRE_SIMULATE_ACCOUNTS: "1", CADASTRE_SIMULATE_INSTANCES: "1" };
  const child = spawn(process.execPath, ["functions/src/local.ts", ...args], {
    cwd: root,
    env: { ...COMPILED, PATH: process.env.PATH, HOME: environment.CADASTRE_DATA, ...small, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const out = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      out[stream] += text;
      for (const look of waiting) look();
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, ...out }));
  });
  return {
    ended,
    end: (signal: NodeJS.Signals) => {
      child.kill(signal);
      return ended;
    },
    /** Resolves with the match once it is printed; rejects when the process ends without it. */
    prints: (stream: "stdout" | "stderr", pattern: RegExp) =>
      new Promise<RegExpExecArray>((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(out[stream]);
          if (!match) return;
          waiting.delete(look);
          resolve(match);
        };
        waiting.add(look);
        void ended.then(() => reject(new Error(`ended without ${pattern}: ${out.stdout}${out.stderr}`)));
        look();
      }),
  };
}

export type LocalProcess = ReturnType<typeof startLocal>;
