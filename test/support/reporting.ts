import { join } from "node:path";
import type { Observe } from "@cadastre/collectors/observe";
import { createSession, type SessionOptions } from "@cadastre/collectors/session/session";
import type { ResourceInput } from "@cadastre/contract/resource";
import type { ApiProcess, TestCollector } from "./api-process.ts";
import type { SeenScope } from "./estate.ts";

/** Observes scopes as they are given. */
export function observing(scopes: readonly SeenScope[]): Observe {
  return async ({ recorder }) => {
    for (const { key, status, errors, resources } of scopes) {
      const scope = recorder.start(key);
      for (const resource of resources) scope.add(resource as unknown as ResourceInput<typeof key.kind>);
      scope.finish(status ?? "complete", errors);
    }
  };
}

/** A session of a collector against the API; whenever it would wait for the API, the API is started again instead. */
export function aSession(
  api: ApiProcess,
  collector: TestCollector,
  more: Partial<SessionOptions> & { readonly spool?: string } = {},
) {
  const { spool = collector.name, ...options } = more;
  return createSession({
    api: api.url,
    signer: collector.signer,
    spoolDirectory: join(api.directory, "spool", spool),
    now: () => new Date(),
    log: () => undefined,
    collectorVersion: "test",
    signal: new AbortController().signal,
    delay: () => api.revive(),
    ...options,
  });
}
