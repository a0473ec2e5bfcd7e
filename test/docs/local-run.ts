import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "../support/access-patterns.ts";
import { COMPILED } from "../support/compiled.ts";

export interface LocalRun {
  /** What the `export` line that it printed sets. */
  readonly exported: Readonly<Record<string, string>>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  stop(): Promise<void>;
}

/** `npm start` in a process of its own, with no cloud configured; resolves when the first run of all collectors has ended and the token was shown. */
export async function startLocalRun(dataDirectory: string): Promise<LocalRun> {
  const child = spawn(process.execPath, [join(root, "functions/src/local.ts")], {
    cwd: root,
    env: { ...COMPILED, PATH: process.env.PATH, HOME: dataDirectory, CADASTRE_DATA: dataDirectory, PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  let stdout = "";
  let stderr = "";
  await new Promise<void>((resolve, reject) => {
    const look = () => {
      if (/^\d+ scopes: /m.test(stderr) && /^\s*export .+\n/m.test(stdout)) resolve();
    };
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`the local run ended with ${code}: ${stderr}`)));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      look();
    });
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      look();
    });
  });
  const [, line = ""] = /^\s*export (.+)$/m.exec(stdout) ?? [];
  const exported = Object.fromEntries(line.split(" ").map((part) => part.split("=") as [string, string]));
  return {
    exported,
    stdout: () => stdout,
    stderr: () => stderr,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
