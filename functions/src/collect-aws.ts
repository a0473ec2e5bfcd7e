import { tmpdir } from "node:os";
import { join } from "node:path";
import { observeAws } from "@cadastre/collectors/aws/observe";
import type { Context } from "aws-lambda";
import { collect } from "./collect.ts";
import { readCollectAwsConfig } from "./env.ts";

const config = readCollectAwsConfig(process.env);
const { accounts, regions, concurrency, pageSize } = config;
const observe = observeAws({
  accounts,
  ...(regions === undefined ? {} : { regions }),
  ...(concurrency === undefined ? {} : { concurrency }),
  ...(pageSize === undefined ? {} : { pageSize }),
});

/** One run of the AWS collector, by schedule or by trigger; what an earlier one could not deliver goes first. */
export async function handler(_event: unknown, context: Pick<Context, "getRemainingTimeInMillis">): Promise<void> {
  const deadline = new Date(Date.now() + context.getRemainingTimeInMillis());
  const spoolDirectory = join(tmpdir(), "cadastre-spool");
  await collect({ config, observe, deadline, spoolDirectory, signal: new AbortController().signal });
}
