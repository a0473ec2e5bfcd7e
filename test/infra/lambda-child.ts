/*
 * Runs a packed function as Lambda does: a process of its own, with the function's environment and nothing else. Started by
 * lambda.ts, which sends events and is answered with results.
 */
const [bundle = ""] = process.argv.slice(2);

interface Handlers {
  readonly handler: (event: unknown, context: object) => Promise<unknown>;
}

const started = performance.now();
const { handler } = (await import(bundle)) as Handlers;
process.send?.({ type: "ready", importMilliseconds: performance.now() - started });

process.on("message", ({ id, event }: { id: number; event: unknown }) => {
  const context = { getRemainingTimeInMillis: () => 60_000, awsRequestId: `invocation-${id}` };
  handler(event, context).then(
    (result) => process.send?.({ type: "answer", id, result }),
    (error: Error) => process.send?.({ type: "answer", id, error: `${error.name}: ${error.message}` }),
  );
});
