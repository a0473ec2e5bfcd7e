import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ApiHandlers } from "./api-process.ts";
import { type Process, startProcess } from "./calls.ts";

export interface KeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

export function aKeyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return {
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

export interface StartedApi {
  readonly process: Process<ApiHandlers>;
  readonly url: string;
  readonly token: string;
}

/** The flags that `npm start` gives to Node. */
function startFlags(): string[] {
  const { scripts } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    scripts: { start: string };
  };
  return scripts.start.split(" ").filter((part) => part.startsWith("--"));
}

/** Starts the API in a process of its own; without an endpoint over a SQLite file. */
export async function startApi(options: {
  directory: string;
  keys: readonly KeyPair[];
  endpoint?: string;
}): Promise<StartedApi> {
  const directory = join(options.directory, "api");
  mkdirSync(directory, { recursive: true });
  const child = startProcess<ApiHandlers>("./api-process.ts", startFlags());
  const publicKeys = options.keys.map((key) => key.publicKey);
  const { endpoint } = options;
  const started = await child.call("start", { directory, publicKeys, ...(endpoint ? { endpoint } : {}) });
  return { process: child, ...started };
}
