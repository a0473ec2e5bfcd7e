import type { KindName } from "@cadastre/contract/kinds/names";
import type { LogLine } from "@cadastre/contract/log";
import { parse } from "@cadastre/contract/parse";
import { type ResourceInput, requireBelongs, resourceSchema } from "@cadastre/contract/resource";
import type { ScopeError, ScopeKey, ScopeStatus } from "@cadastre/contract/scope";
import { TODAY } from "@cadastre/x509/testing/pki";
import type { Observe, ObserveContext, Recorder, ScopeRecorder } from "../../observe.ts";
import { type EndpointsOptions, observeEndpoints } from "../observe.ts";
import { parseTarget } from "../targets.ts";
import { onLoopback } from "./loopback.ts";

interface RecordedScope<K extends KindName> {
  readonly key: ScopeKey;
  readonly resources: ResourceInput<K>[];
  status?: ScopeStatus;
  errors?: readonly ScopeError[];
}

export interface Recorded {
  readonly endpoint: RecordedScope<"endpoint">;
  readonly certificate: RecordedScope<"certificate">;
  readonly log: readonly LogLine[];
}

/** Runs an observer and keeps what it records; each resource must be one that the API takes. */
async function record(observe: Observe, rest: Partial<ObserveContext> = {}): Promise<Recorded> {
  const scopes = new Map<KindName, RecordedScope<KindName>>();
  const log: LogLine[] = [];
  const recorder: Recorder = {
    start<K extends KindName>(key: ScopeKey & { readonly kind: K }): ScopeRecorder<K> {
      const scope: RecordedScope<K> = { key, resources: [] };
      scopes.set(key.kind, scope as unknown as RecordedScope<KindName>);
      return {
        add(resource) {
          parse(resourceSchema(key.kind), resource);
          requireBelongs(key, resource.id, "resource");
          scope.resources.push(resource);
        },
        finish(status, errors = []) {
          Object.assign(scope, { status, errors });
        },
        get count() {
          return scope.resources.length;
        },
      };
    },
  };
  await observe({
    recorder,
    now: () => TODAY,
    signal: new AbortController().signal,
    log: (line) => log.push(line),
    scopeDeadlineMilliseconds: 60_000,
    ...rest,
  });
  const endpoint = scopes.get("endpoint") as unknown as RecordedScope<"endpoint">;
  const certificate = scopes.get("certificate") as unknown as RecordedScope<"certificate">;
  return { endpoint, certificate, log };
}

/** Examines targets on loopback, and fails when anything else is connected to. */
export function look(
  targets: readonly string[],
  options: Partial<EndpointsOptions> = {},
  context: Partial<ObserveContext> = {},
): Promise<Recorded> {
  const parsed = targets.map(parseTarget);
  const common = { targets: parsed, account: "acme", allow: { loopback: true } };
  return onLoopback((resolve) => record(observeEndpoints({ ...common, resolve, ...options }), context));
}

/** The only handshake of the only endpoint. */
export function onlyHandshake(recorded: Recorded) {
  const handshakes = recorded.endpoint.resources.flatMap((resource) => resource.attributes.handshakes ?? []);
  if (handshakes.length !== 1 || !handshakes[0]) throw new Error(`${handshakes.length} handshakes were recorded`);
  return handshakes[0];
}

export function findingCodes(recorded: Recorded): string[] {
  return (onlyHandshake(recorded).findings ?? []).map((finding) => finding.code).sort();
}
