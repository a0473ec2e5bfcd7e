import { join } from "node:path";
import type { GcpServiceAccountKey } from "@cadastre/collectors/gcp/options";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { startAwsSimulator } from "@cadastre/simulator/aws/server";
import { createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createGcpEstate } from "@cadastre/simulator/estate-gcp";
import { createFaults } from "@cadastre/simulator/faults";
import { startGcpSimulator } from "@cadastre/simulator/gcp/server";
import { startTlsEndpoints } from "@cadastre/simulator/tls/endpoints";
import { wellBehavedKinds } from "@cadastre/simulator/tls/kinds";

const SEED = "cadastre";
const PROJECTS = 5;

/** Simulated clouds on this machine, for who has not configured any. Its estate is the same at every start. */
export interface Simulation {
  /** Points the AWS SDK at the simulated clouds. */
  readonly environment: Readonly<Record<string, string>>;
  readonly aws: { readonly roleName: string; readonly externalId: string };
  readonly gcp: {
    readonly url: string;
    readonly organization: string;
    readonly serviceAccountKey: GcpServiceAccountKey;
  };
  readonly endpoints: { readonly targets: readonly string[]; readonly roots: readonly string[] };
  stop(): Promise<void>;
}

/** Starts the simulated clouds and endpoints on loopback. What must last (certificates, ports) is kept under `directory`. */
export async function startSimulation(options: {
  readonly accounts: number;
  readonly instances: number;
  readonly directory: string;
  readonly now: () => Date;
}): Promise<Simulation> {
  const { now } = options;
  const awsEstate = createAwsEstate({
    seed: SEED,
    accounts: options.accounts,
    instancesPerAccountRegion: options.instances,
    now,
  });
  const aws = await startAwsSimulator({ estate: awsEstate, faults: createFaults() });
  const gcpEstate = createGcpEstate({ seed: SEED, projects: PROJECTS, instances: options.instances * PROJECTS });
  const gcp = await startGcpSimulator({ estate: gcpEstate, faults: createFaults(), now });
  const tls = await startTlsEndpoints({
    now,
    kinds: wellBehavedKinds,
    directory: join(options.directory, "endpoints"),
  });
  return {
    environment: awsEnvironment(aws),
    aws: { roleName: awsEstate.role.name, externalId: awsEstate.role.externalId },
    gcp: { url: gcp.url, organization: gcpEstate.organization, serviceAccountKey: gcp.serviceAccountKey },
    endpoints: {
      targets: tls.endpoints.map(({ host, port, sni }) => {
        const place = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
        return sni === undefined ? place : `${place}?sni=${sni}`;
      }),
      roots: [tls.roots],
    },
    stop: async () => {
      await Promise.all([aws.stop(), gcp.stop(), tls.stop()]);
    },
  };
}
