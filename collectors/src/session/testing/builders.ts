import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKeySigner, parsePublicKey } from "@cadastre/contract/keys";
import type { LogLine } from "@cadastre/contract/log";
import type { ResourceInput } from "@cadastre/contract/resource";
import type { ScopeKey } from "@cadastre/contract/scope";
import type { Observe } from "../../observe.ts";
import type { SessionOptions } from "../session.ts";

export const ACCOUNT = "123456789012";

/** The scope of one region's instances. */
export const instancesOf = (region: string) =>
  ({ provider: "aws", account: ACCOUNT, region, kind: "instance" }) as const satisfies ScopeKey;

export function anInstance(
  number: number,
  more: { region?: string; state?: string; tags?: Record<string, string> } = {},
) {
  const instanceId = `i-${number.toString(16).padStart(17, "0")}`;
  const region = more.region ?? "us-east-1";
  const address = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
  return {
    id: `arn:aws:ec2:${region}:${ACCOUNT}:instance/${instanceId}`,
    name: `web-${number}`,
    tags: more.tags ?? { env: "prod", team: `team-${number % 7}` },
    attributes: {
      instanceId,
      state: more.state ?? "running",
      type: "m7g.large",
      zone: `${region}a`,
      interfaces: [{ deviceIndex: 0, privateAddresses: [{ address, primary: true }], publicAddresses: [] }],
    },
  } satisfies ResourceInput<"instance">;
}

/** Observes some instances of one region, complete. */
export function observing(region: string, resources: Iterable<ResourceInput<"instance">>): Observe {
  return async ({ recorder }) => {
    const scope = recorder.start(instancesOf(region));
    for (const resource of resources) scope.add(resource);
    scope.finish("complete");
  };
}

export function* instances(count: number, region = "us-east-1"): Generator<ResourceInput<"instance">> {
  for (let number = 0; number < count; number++) yield anInstance(number, { region });
}

export function aKey() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    privateKey,
    signer: createKeySigner(privateKey),
    publicKey: parsePublicKey(publicKey.export({ type: "spki", format: "pem" }).toString()),
  };
}

export interface Workplace {
  readonly spoolDirectory: string;
  readonly logged: LogLine[];
  /** Waits that were asked for, in milliseconds; none is waited. */
  readonly waits: number[];
  remove(): void;
}

export function aWorkplace(): Workplace {
  const spoolDirectory = mkdtempSync(join(tmpdir(), "cadastre-spool-"));
  return {
    spoolDirectory,
    logged: [],
    waits: [],
    remove: () => rmSync(spoolDirectory, { recursive: true, force: true }),
  };
}

/** An answer to an upload that never came to the API, from somebody in between. */
export const SWALLOWED = { status: 200, body: { state: "applied", created: 0, updated: 0, unchanged: 0, missing: 0 } };

export const NOW = new Date("2026-03-01T12:00:00Z");

/** Options of a session whose waits end at once and are noted. */
export function sessionOptions(workplace: Workplace, api: string, signer: SessionOptions["signer"]): SessionOptions {
  return {
    api,
    signer,
    spoolDirectory: workplace.spoolDirectory,
    now: () => NOW,
    log: (line) => workplace.logged.push(line),
    collectorVersion: "test",
    signal: new AbortController().signal,
    random: () => 0.5,
    async delay(milliseconds) {
      workplace.waits.push(milliseconds);
    },
  };
}
