import { toLoggedError } from "@cadastre/api/log";
import type { Log } from "@cadastre/contract/log";
import type { Context } from "@cadastre/core/context";
import { eachOrganization } from "@cadastre/core/directory/each-organization";
import type { Consumer } from "@cadastre/core/feed/consumer";
import { runConsumers } from "@cadastre/core/feed/run-consumers";

export interface ConsumersOptions {
  readonly context: Context;
  readonly consumers: readonly Consumer[];
  /** Resolves when it is time to look again; false when the process ends. */
  readonly wait: () => Promise<boolean>;
  readonly isOver: () => boolean;
  readonly log: Log;
}

/** Tells the consumers of what changes, until the process ends; resolves when they are done. A fault is logged and tried again. */
export async function keepTelling({ context, consumers, wait, isOver, log }: ConsumersOptions): Promise<void> {
  if (consumers.length === 0) return;
  do {
    try {
      await eachOrganization(context, async (own) => {
        const { setAside } = await runConsumers(own, consumers, { isOver });
        if (setAside > 0) log({ level: "warn", message: "changes were set aside: cadastre consumers list", setAside });
      });
    } catch (error) {
      log({ level: "error", message: "consumers", error: toLoggedError(error, false) });
    }
  } while (await wait());
}
