import { createPrivateKey } from "node:crypto";
import { createSession, type Session } from "@cadastre/collectors/session/session";
import { createKeySigner } from "@cadastre/contract/keys";
import { serveCalls } from "./calls.ts";
import { observeEstate } from "./estate.ts";
import { beginGauge } from "./gauge.ts";

/* A collector in a process of its own: a session over an estate that it makes up. */

let session: Session | undefined;
let spooledAt = 0;

const handlers = {
  start({ api, privateKey, spoolDirectory }: { api: string; privateKey: string; spoolDirectory: string }): void {
    session = createSession({
      api,
      spoolDirectory,
      signer: createKeySigner(createPrivateKey(privateKey)),
      now: () => new Date(),
      log: (line) => process.stderr.write(`${JSON.stringify(line)}\n`),
      collectorVersion: "bench",
      signal: new AbortController().signal,
      onProgress: (event) => {
        if (event.type === "run-spooled") spooledAt = performance.now();
      },
    });
  },
  /** Observes and delivers; the seconds until the run was on disk, and all that it took. */
  async run({ resources, variant }: { resources: number; variant: number }) {
    if (!session) throw new Error("not started");
    const started = performance.now();
    const gauge = beginGauge();
    const result = await session.run([observeEstate(resources, variant)]);
    const spent = gauge();
    const [failure] = result.failures;
    if (failure) throw failure;
    if (!result.delivered) throw new Error(`not delivered: ${JSON.stringify(result.problem)}`);
    return { ...spent, observeSeconds: (spooledAt - started) / 1000, state: result.state, totals: result.totals };
  },
};

export type CollectorHandlers = typeof handlers;

serveCalls(handlers);
