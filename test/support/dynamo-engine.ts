import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { fileURLToPath } from "node:url";

const BINARY = fileURLToPath(new URL("../../node_modules/@dynoxide/linux-x64/dynoxide", import.meta.url));
const START_TIMEOUT_MS = 10_000;

export interface DynamoEngine {
  readonly endpoint: string;
  readonly stop: () => Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free loopback port");
  return address.port;
}

async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port }, () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => socket.destroy());
    socket.once("connect", () => socket.end());
  });
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

/**
 * Starts a DynamoDB engine on a loopback port, empty and in memory, or answers `TABLE_ENDPOINT` when that is set.
 * @throws Error when there is no engine: the guarantees of the DynamoDB driver must not go untested in silence
 */
export async function startDynamoEngine(): Promise<DynamoEngine> {
  const given = process.env.TABLE_ENDPOINT;
  if (given) return { endpoint: given, stop: async () => {} };
  if (!existsSync(BINARY)) {
    throw new Error(
      "no DynamoDB engine: the optional dependency @dynoxide/linux-x64 is not installed. Run `npm ci` on Linux x64, or set TABLE_ENDPOINT to a DynamoDB endpoint (DynamoDB Local, ScyllaDB Alternator)",
    );
  }
  const port = await freePort();
  const child = spawn(BINARY, ["serve", "--host", "127.0.0.1", "--port", String(port)], { stdio: "ignore" });
  const killNow = () => void child.kill("SIGKILL");
  process.once("exit", killNow);
  child.once("exit", () => process.off("exit", killNow));
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await kill(child);
      throw new Error(`the DynamoDB engine did not start on 127.0.0.1:${port}`);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { endpoint: `http://127.0.0.1:${port}`, stop: () => kill(child) };
}
