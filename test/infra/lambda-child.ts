/*
 * Runs a packed function as Lambda does: a process of its own, with the function's environment and nothing else. Started by
 * lambda.ts, which sends events and is answered with results.
 */
import { endOf } from "./lambda-end.ts";

const [bundle = ""] = process.argv.slice(2);

interface Handlers {
  readonly handler: (event: unknown, context: object) => Promise<unknown>;
}

const started = performance.now();
const { handler } = (await import(bundle)) as Handlers;
process.send?.({ type: "ready", importMilliseconds: performance.now() - started });

process.on("message", ({ id, event }: { id: number; event: unknown }) => {
  const context = { getRemainingTimeInMillis: () => 60_000, awsRequestId: `invocation-${id}` };
  const answer = (outcome: object) => {
    // What it wrote before is another stream: its end is told in there.
    process.stdout.write(`${endOf(id)}\n`, () => process.send?.({ type: "answer", id, ...outcome }));
  };
  handler(event, context).then(
    (result) => answer({ result }),
    (error: Error) => answer({ error: `${error.name}: ${error.message}` }),
  );
});
