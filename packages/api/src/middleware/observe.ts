import { AsyncLocalStorage } from "node:async_hooks";
import { newId } from "@cadastre/contract/ids";
import type { Log } from "@cadastre/contract/log";
import type { Context } from "@cadastre/core/context";
import type { MiddlewareHandler } from "hono";
import type { ApiEnv } from "../env.ts";
import type { OriginOf } from "../origin.ts";

/** Taken over from the caller, so that its log and ours can be joined; anything else is replaced. */
const REQUEST_ID = /^[A-Za-z0-9][\w.:-]{7,127}$/;

export interface ObserveOptions {
  readonly log: Log;
  readonly now: () => Date;
  /** Tells what one request spends, also while others run beside it. */
  readonly meter: Context["table"]["meter"];
  readonly originOf?: OriginOf | undefined;
}

/** Gives each request its id and its line in the log, and says in the answer how long it took and, to an operator, what it cost. */
export function observe({ log, now, meter, originOf }: ObserveOptions): MiddlewareHandler<ApiEnv> {
  return async function observeRequest(c, next) {
    const given = c.req.header("x-request-id");
    const requestId = given !== undefined && REQUEST_ID.test(given) ? given : newId("request", now());
    c.set("requestId", requestId);
    const origin = originOf?.(c.env);
    if (origin) c.set("origin", origin);
    const started = performance.now();
    const outside = AsyncLocalStorage.snapshot();
    const beside: Promise<void>[] = [];
    c.set("beside", (work) => void beside.push(outside(work)));
    const { read: reads, write: writes } = (await meter.measure(next)).units;
    // Before the answer: a Lambda function stands still once it is given.
    await Promise.all(beside);
    const durationMilliseconds = Math.round((performance.now() - started) * 10) / 10;
    c.header("x-request-id", requestId);
    const cost = c.get("showsCost") ? `, reads;desc="${reads}", writes;desc="${writes}"` : "";
    c.header("server-timing", `app;dur=${durationMilliseconds}${cost}`);
    const { status } = c.res;
    const actor = c.get("actor");
    const code = c.get("code");
    log({
      level: status >= 500 ? "error" : "info",
      message: "request",
      requestId,
      ...origin?.line,
      method: c.req.method,
      route: c.get("route") ?? "none",
      status,
      durationMilliseconds,
      reads,
      writes,
      ...(actor === undefined ? {} : { actor }),
      ...(code === undefined ? {} : { code }),
    });
  };
}
