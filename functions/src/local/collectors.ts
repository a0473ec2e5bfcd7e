import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { splitAws } from "@cadastre/collectors/aws/observe";
import { observeEndpoints } from "@cadastre/collectors/endpoints/observe";
import { parseTargets } from "@cadastre/collectors/endpoints/targets";
import { gcpSettings } from "@cadastre/collectors/gcp/environment";
import { splitGcp } from "@cadastre/collectors/gcp/observe";
import { createKeyFile, readKeyFile, readPublicKey } from "@cadastre/collectors/keys";
import { inOnePart, type Split } from "@cadastre/collectors/observe";
import { type LookResult, lookInParts } from "@cadastre/collectors/session/look";
import type { LogLine } from "@cadastre/contract/log";
import type { Provider } from "@cadastre/contract/scope";
import { VERSION } from "@cadastre/contract/version";
import { CollectorKeyItem } from "@cadastre/core/access/items";
import { registerCollector } from "@cadastre/core/access/register-collector";
import { type Context, systemActor } from "@cadastre/core/context";
import type { LocalConfig } from "./config.ts";
import type { Display } from "./display.ts";
import type { Simulation } from "./simulation.ts";

const ACTOR = systemActor("local");

/** A collector of the local run: its name is the source of what it sees. */
export interface LocalCollector {
  readonly name: string;
  readonly provider: Provider;
  readonly split: Split;
}

/** The SDK of AWS takes 47 MB: it is loaded when somebody looks, and only then. */
const awsParts =
  (options: Parameters<typeof splitAws>[0]): Split =>
  async (context) => {
    const aws = await import("@cadastre/collectors/aws/observe");
    return aws.splitAws(options)(context);
  };

/** The collectors that the configuration, or else the simulation, asks for. */
export function planCollectors(
  config: LocalConfig,
  simulation: Simulation | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): LocalCollector[] {
  if (simulation) return simulated(simulation);
  const collectors: LocalCollector[] = [];
  if (config.aws) {
    const { regions, roles, organizationRole, externalId } = config.aws;
    const id = externalId === undefined ? {} : { externalId };
    const accounts = organizationRole
      ? { organization: { roleName: organizationRole, ...id } }
      : roles
        ? { roles: roles.map((roleArn) => ({ roleArn, ...id })) }
        : ({ own: true } as const);
    collectors.push({
      name: "local-aws",
      provider: "aws",
      split: awsParts({ accounts, ...(regions ? { regions } : {}) }),
    });
  }
  if (config.gcp) {
    collectors.push({
      name: "local-gcp",
      provider: "gcp",
      split: splitGcp({ projects: config.gcp, ...gcpSettings(environment) }),
    });
  }
  if (config.endpoints) {
    const targets = parseTargets(config.endpoints);
    collectors.push({
      name: "local-tls",
      provider: "tls",
      split: inOnePart(observeEndpoints({ targets, account: "local" })),
    });
  }
  return collectors;
}

function simulated({ aws, gcp, endpoints }: Simulation): LocalCollector[] {
  return [
    {
      name: "simulated-aws",
      provider: "aws",
      split: awsParts({ accounts: { organization: { roleName: aws.roleName, externalId: aws.externalId } } }),
    },
    {
      name: "simulated-gcp",
      provider: "gcp",
      split: splitGcp({
        projects: { organization: gcp.organization },
        auth: { serviceAccountKey: gcp.serviceAccountKey },
        endpoints: { compute: gcp.url, resourceManager: gcp.url },
      }),
    },
    {
      name: "simulated-tls",
      provider: "tls",
      split: inOnePart(
        observeEndpoints({
          targets: parseTargets(endpoints.targets),
          account: "simulated",
          allow: { loopback: true },
          extraRoots: endpoints.roots,
        }),
      ),
    },
  ];
}

/** Makes the collector's key, when it has none yet, and registers its public half. Done again it changes nothing. */
export async function registerLocal(
  context: Context,
  dataDirectory: string,
  collector: LocalCollector,
): Promise<string> {
  const directory = join(dataDirectory, "keys");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const keyFile = join(directory, `${collector.name}.pem`);
  if (!existsSync(keyFile)) createKeyFile(keyFile, "ed25519");
  const { pem, fingerprint } = readPublicKey(keyFile);
  const known = await context.table.get(CollectorKeyItem, { fingerprint }, { consistent: true });
  if (known) return keyFile;
  const { name, provider } = collector;
  await registerCollector(
    context,
    ACTOR,
    { name, providers: [provider], accounts: ["*"], publicKey: pem },
    { approved: true },
  );
  return keyFile;
}

/** One look of the collector, delivered to the API over a spool of its own. */
export function look(options: {
  readonly api: string;
  readonly keyFile: string;
  readonly dataDirectory: string;
  readonly collector: LocalCollector;
  readonly display: Display;
  readonly log: (line: LogLine) => void;
  readonly now: () => Date;
  /** Until it runs again; undefined when nothing says that it does. */
  readonly intervalSeconds: number | undefined;
  readonly signal: AbortSignal;
}): Promise<LookResult> {
  const { name, split } = options.collector;
  return lookInParts({
    split,
    stop: options.signal,
    api: options.api,
    signer: readKeyFile(options.keyFile),
    spoolDirectory: join(options.dataDirectory, "spool", name),
    now: options.now,
    log: (line) => options.log({ ...line, collector: name }),
    collectorVersion: VERSION,
    intervalSeconds: options.intervalSeconds,
    signal: options.signal,
    onProgress: options.display.onProgress(name),
  });
}
