import { tmpdir } from "node:os";
import { join } from "node:path";
import { SSMClient } from "@aws-sdk/client-ssm";
import { observeEndpoints } from "@cadastre/collectors/endpoints/observe";
import { parseTargets } from "@cadastre/collectors/endpoints/targets";
import type { Context } from "aws-lambda";
import { readTargets } from "./adapters/parameters.ts";
import { collect } from "./collect.ts";
import { readCollectEndpointsConfig } from "./env/collect-endpoints.ts";

const config = readCollectEndpointsConfig(process.env);
const { account, families, concurrency, targets: where } = config;

/** One run of the endpoint collector; the targets are read anew each time, so that a change needs no deployment. */
export async function handler(_event: unknown, context: Pick<Context, "getRemainingTimeInMillis">): Promise<void> {
  const deadline = new Date(Date.now() + context.getRemainingTimeInMillis());
  const targets =
    "list" in where
      ? parseTargets(where.list)
      : await readTargets({ client: new SSMClient(), path: where.parametersPath });
  const observe = observeEndpoints({
    targets,
    account,
    ...(families === undefined ? {} : { families }),
    ...(concurrency === undefined ? {} : { concurrency }),
  });
  const spoolDirectory = join(tmpdir(), "cadastre-spool");
  const { signal } = new AbortController();
  await collect({ config, observe, intervalSeconds: config.intervalSeconds, deadline, spoolDirectory, signal });
}
