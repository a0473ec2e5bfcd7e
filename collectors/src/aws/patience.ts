import { AdaptiveRetryStrategy } from "@smithy/core/retry";

type Strategy = Pick<AdaptiveRetryStrategy, "acquireInitialRetryToken" | "refreshRetryTokenForRetry" | "recordSuccess">;

/** How one client repeats what failed, and what it waits for. */
export interface Patience {
  readonly strategy: Strategy;
  /** The error after which the client waits to ask again; undefined when it does not. */
  readonly waitsAfter: () => unknown;
}

/**
 * The SDK's adaptive retries within the time that a scope has: what asks to wait for longer than is left is not waited for, so
 * that the error is what AWS said and not that the time was up.
 */
export function createPatience(maxAttempts: number, leftMilliseconds: () => number): Patience {
  const adaptive = new AdaptiveRetryStrategy(async () => maxAttempts);
  let refused: unknown;
  return {
    strategy: {
      acquireInitialRetryToken: (scope) => adaptive.acquireInitialRetryToken(scope),
      async refreshRetryTokenForRetry(token, info) {
        const asked = info.retryAfterHint === undefined ? 0 : info.retryAfterHint.getTime() - Date.now();
        if (asked > leftMilliseconds()) throw new Error("there is no time left for another attempt");
        refused = info.error;
        try {
          return await adaptive.refreshRetryTokenForRetry(token, info);
        } finally {
          refused = undefined;
        }
      },
      recordSuccess: (token) => adaptive.recordSuccess(token),
    },
    waitsAfter: () => refused,
  };
}
