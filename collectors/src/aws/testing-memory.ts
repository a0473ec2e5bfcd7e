import { aTestRun } from "../testing-recorder.ts";
import { observeAws } from "./testing.ts";

/** Run by memory.test.ts in a process with a small heap: looks at the estate that its environment points at and prints what it counted. */
const run = aTestRun({ keep: false, deadlineMilliseconds: 300_000 });
await observeAws({ accounts: { own: true } })(run.context);
process.stdout.write(
  JSON.stringify({
    scopes: [...run.scopes.values()].map(({ key, status, count }) => ({ kind: key.kind, status, count })),
  }),
);
