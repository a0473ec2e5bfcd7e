import { toLoggedError } from "@cadastre/api/log";
import type { Log } from "@cadastre/contract/log";
import type { Context } from "@cadastre/core/context";
import { forwardAudit } from "@cadastre/core/forwarding/forward";
import type { Prefix } from "@cadastre/net/prefix";
import { createDeliver } from "../forwarding/deliver.ts";

export interface ForwardingOptions {
  readonly context: Context;
  /** Internal addresses at which receivers may be. */
  readonly allowed: readonly Prefix[];
  /** Resolves when it is time to look again; false when the process ends. */
  readonly wait: () => Promise<boolean>;
  readonly ending: AbortSignal;
  readonly log: Log;
}

/** Sends the audit log on until the process ends; resolves when nothing is on its way. A fault is logged and tried again. */
export async function keepForwarding({ context, allowed, wait, ending, log }: ForwardingOptions): Promise<void> {
  const deliver = createDeliver({ allowed, ending });
  const report = ({ forwarder, error }: { readonly forwarder: string; readonly error: unknown }) =>
    log({ level: "error", message: "forwarding", forwarder, error: toLoggedError(error, false) });
  do {
    try {
      await forwardAudit(context, { deliver, isOver: () => ending.aborted, report });
    } catch (error) {
      log({ level: "error", message: "forwarding", error: toLoggedError(error, false) });
    }
  } while (await wait());
}
