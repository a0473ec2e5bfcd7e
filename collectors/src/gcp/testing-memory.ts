import { aTestRun } from "../testing-recorder.ts";
import { gcpSettings } from "./environment.ts";
import { observeGcp } from "./testing.ts";

/** Run by memory.test.ts in a process with a small heap: looks at the project that it is given and prints what it counted. */
const [project = ""] = process.argv.slice(2);
const run = aTestRun({ keep: false, deadlineMilliseconds: 300_000 });
await observeGcp({ projects: { list: [project] }, ...gcpSettings(process.env) })(run.context);
process.stdout.write(
  JSON.stringify({
    scopes: [...run.scopes.values()].map(({ key, status, count }) => ({ kind: key.kind, status, count })),
    peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
);
