import { tmpdir } from "node:os";
import { join } from "node:path";
import { gcpSettings } from "@cadastre/collectors/gcp/environment";
import { splitGcp } from "@cadastre/collectors/gcp/observe";
import { createLog, writeToStdout } from "./adapters/log.ts";
import { collectParts } from "./collect-parts.ts";
import { readCollectGcpConfig } from "./env/collect-gcp.ts";
import { longestInterval } from "./schedule.ts";

/**
 * One look of the GCP collector, as a Cloud Run job: code 0 when its runs were delivered, 1 otherwise, and a retry of the job is
 * just one more look. SIGTERM, the runtime's last word, ends it early.
 */
async function main(): Promise<void> {
  const config = readCollectGcpConfig(process.env);
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort(new Error("the runtime ends the job")));
  await collectParts({
    config,
    split: splitGcp({ projects: config.projects, ...config.load, ...gcpSettings(process.env) }),
    intervalSeconds: config.schedule ? longestInterval(config.schedule, new Date()) : config.intervalSeconds,
    deadline: new Date(Date.now() + config.timeoutMilliseconds),
    spoolDirectory: join(tmpdir(), "cadastre-spool"),
    signal: stop.signal,
  });
}

main().catch((error: unknown) => {
  createLog({ now: () => new Date(), write: writeToStdout })({ level: "error", message: "the job failed", error });
  process.exitCode = 1;
});
