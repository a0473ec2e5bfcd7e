import { tmpdir } from "node:os";
import { join } from "node:path";
import { splitAws } from "@cadastre/collectors/aws/observe";
import type { Context } from "aws-lambda";
import { collectParts } from "./collect-parts.ts";
import { readCollectAwsConfig } from "./env/collect-aws.ts";

const config = readCollectAwsConfig(process.env);
const { accounts, regions, load } = config;
const split = splitAws({ accounts, ...load, ...(regions === undefined ? {} : { regions }) });

/** One look of the AWS collector, by schedule or by trigger. */
export async function handler(_event: unknown, context: Pick<Context, "getRemainingTimeInMillis">): Promise<void> {
  await collectParts({
    config,
    split,
    intervalSeconds: config.intervalSeconds,
    deadline: new Date(Date.now() + context.getRemainingTimeInMillis()),
    spoolDirectory: join(tmpdir(), "cadastre-spool"),
    signal: new AbortController().signal,
  });
}
