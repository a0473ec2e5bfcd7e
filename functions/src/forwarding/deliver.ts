import type { Deliver } from "@cadastre/core/forwarding/ports";
import type { Prefix } from "@cadastre/net/prefix";
import { lookUpTarget, type Resolve, resolveHost } from "./target-address.ts";
import { toFault } from "./to-fault.ts";

/** For all of a delivery, less than its lease. */
const MOST_MILLISECONDS = 10_000;

export interface DeliverOptions {
  /** Internal addresses at which receivers may be. */
  readonly allowed: readonly Prefix[];
  readonly resolve?: Resolve;
  readonly timeoutMilliseconds?: number;
  /** Of a process that may end at any time. */
  readonly ending?: AbortSignal;
}

/** What sends records by webhook or syslog, within ten seconds. What is needed for it is loaded when there is something to send. */
export function createDeliver({
  allowed,
  resolve = resolveHost,
  timeoutMilliseconds = MOST_MILLISECONDS,
  ending,
}: DeliverOptions): Deliver {
  return async function deliver(delivery) {
    const { type, url, host = "" } = delivery.forwarder;
    const timeout = AbortSignal.timeout(timeoutMilliseconds);
    const signal = ending ? AbortSignal.any([timeout, ending]) : timeout;
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
    // What the system's resolver does cannot be called off.
    aborted.catch(() => undefined);
    const send = async () => {
      const name = url === undefined ? host : new URL(url).hostname.replace(/^\[|\]$/g, "");
      const lookup = await lookUpTarget(name, { resolve, allowed });
      if (type === "webhook") await (await import("./webhook.ts")).postWebhook(delivery, { lookup, signal });
      else await (await import("./syslog.ts")).sendSyslog(delivery, { lookup, signal });
    };
    try {
      await Promise.race([send(), aborted]);
    } catch (error) {
      throw toFault(error);
    }
  };
}
