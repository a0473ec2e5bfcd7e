import type { KindName } from "@cadastre/contract/kinds/names";
import type { LogLine } from "@cadastre/contract/log";
import { type ObservedResource, requireBelongs, resourceSchema } from "@cadastre/contract/resource";
import {
  type ScopeError,
  type ScopeKey,
  type ScopeStatus,
  scopeError,
  scopeKey,
  scopeName,
} from "@cadastre/contract/scope";
import type { Observe, ObserveContext, Recorder, ScopeRecorder, Split } from "./observe.ts";

export interface SeenScope {
  readonly key: ScopeKey;
  status: ScopeStatus | undefined;
  errors: readonly ScopeError[];
  readonly resources: Map<string, ObservedResource>;
  count: number;
}

export interface TestRun {
  readonly context: ObserveContext;
  readonly scopes: ReadonlyMap<string, SeenScope>;
  readonly log: LogLine[];
  scope(account: string, region: string, kind: KindName): SeenScope;
}

/**
 * A run whose recorder keeps everything in memory and holds the collector to the contract: each resource is of its kind's schema
 * and belongs in its scope, and a scope is started and finished once. `keep: false` only counts.
 */
export function aTestRun(
  options: { readonly deadlineMilliseconds?: number; readonly signal?: AbortSignal; readonly keep?: boolean } = {},
): TestRun {
  const scopes = new Map<string, SeenScope>();
  const log: LogLine[] = [];
  const recorder: Recorder = {
    start: <K extends KindName>(key: ScopeKey & { readonly kind: K }): ScopeRecorder<K> => {
      const name = scopeName(scopeKey.parse(key));
      if (scopes.has(name)) throw new Error(`scope ${name} was started twice`);
      const scope: SeenScope = { key, status: undefined, errors: [], resources: new Map(), count: 0 };
      scopes.set(name, scope);
      return {
        add: (resource) => {
          if (scope.status) throw new Error(`scope ${name} was added to after its end`);
          scope.count += 1;
          if (options.keep === false) return;
          const parsed = resourceSchema(key.kind).parse(JSON.parse(JSON.stringify(resource)));
          requireBelongs(key, parsed.id, name);
          scope.resources.set(parsed.id, parsed);
        },
        finish: (status, errors = []) => {
          if (scope.status) throw new Error(`scope ${name} was finished twice`);
          scope.status = status;
          scope.errors = errors.map((error) => scopeError.parse(error));
        },
        get count() {
          return scope.count;
        },
      };
    },
  };
  return {
    context: {
      recorder,
      now: () => new Date(),
      signal: options.signal ?? new AbortController().signal,
      log: (line) => log.push(line),
      scopeDeadlineMilliseconds: options.deadlineMilliseconds ?? 30_000,
    },
    scopes,
    log,
    scope: (account, region, kind) => {
      const scope = [...scopes.values()].find(
        ({ key }) => key.account === account && key.region === region && key.kind === kind,
      );
      if (!scope)
        throw new Error(`no scope of ${account} ${region} ${kind}; there are ${[...scopes.keys()].join(" ")}`);
      return scope;
    },
  };
}

/** A collector that sees all of its parts, one after the other, in one run. */
export const allParts =
  (split: Split): Observe =>
  async (context) => {
    for (const observe of await split(context)) await observe(context);
  };
