import { tmpdir } from "node:os";
import { join } from "node:path";
import { gcpSettings } from "@cadastre/collectors/gcp/environment";
import { observeGcp } from "@cadastre/collectors/gcp/observe";
import { collect } from "./collect.ts";
import { readCollectGcpConfig } from "./env.ts";

/*
 * One run of the GCP collector, as a Cloud Run job. It ends with code 0 when the run was delivered, with 1 otherwise; a retry of
 * the job is just one more run. SIGTERM, the runtime's last word, ends it early.
 */
const config = readCollectGcpConfig(process.env);
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort(new Error("the runtime ends the job")));

await collect({
  config,
  observe: observeGcp({ projects: config.projects, ...gcpSettings(process.env) }),
  deadline: new Date(Date.now() + config.timeoutMilliseconds),
  spoolDirectory: join(tmpdir(), "cadastre-spool"),
  signal: stop.signal,
});
