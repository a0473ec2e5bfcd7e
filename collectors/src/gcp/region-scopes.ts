import type { KindName } from "@cadastre/contract/kinds/names";
import type { ResourceInput } from "@cadastre/contract/resource";
import type { ScopeStatus } from "@cadastre/contract/scope";
import type { ObserveContext, ScopeRecorder } from "../observe.ts";
import type { GcpScopeError } from "./errors.ts";

/**
 * The scopes of one kind in one project, a region each, opened as a listing names them. `global` is always there: it has what is
 * in no region, and where a kind has nothing of the sort, it stands for the listing as such, so that a project of which not even
 * the regions are known is still seen to have failed.
 */
export interface RegionScopes<K extends KindName> {
  readonly kind: K;
  /** Those opened so far, without `global`. */
  regions(): readonly string[];
  open(region: string): void;
  add(region: string, resource: ResourceInput<K>): void;
  /** Something that keeps a region from being complete, whatever later pages say. */
  note(region: string, error: GcpScopeError): void;
  /** Something that is to be known of a region, and keeps nothing from being complete. */
  remark(region: string, error: GcpScopeError): void;
  finish(): void;
}

interface Region<K extends KindName> {
  readonly recorder: ScopeRecorder<K>;
  readonly errors: GcpScopeError[];
  readonly remarks: GcpScopeError[];
}

export const GLOBAL = "global";
/** Reasons why there is nothing to see in a project, as opposed to not being able to see it. */
const SKIPPED: ReadonlySet<string> = new Set(["api_disabled"]);
/** A scope's report names the first few, not thousands. */
const MOST_ERRORS = 10;

export function createRegionScopes<K extends KindName>(options: {
  readonly context: ObserveContext;
  readonly project: string;
  readonly kind: K;
}): RegionScopes<K> {
  const { context, project, kind } = options;
  const scopes = new Map<string, Region<K>>();

  function at(region: string): Region<K> {
    const known = scopes.get(region);
    if (known) return known;
    const recorder = context.recorder.start({ provider: "gcp", account: project, region, kind });
    const opened: Region<K> = { recorder, errors: [], remarks: [] };
    scopes.set(region, opened);
    return opened;
  }

  at(GLOBAL);
  return {
    kind,
    regions: () => [...scopes.keys()].filter((region) => region !== GLOBAL),
    open: (region) => void at(region),
    add: (region, resource) => at(region).recorder.add(resource),
    note: (region, error) => keep(at(region).errors, error),
    remark: (region, error) => keep(at(region).remarks, error),
    finish: () => {
      for (const [region, { recorder, errors: found, remarks }] of scopes) {
        const status = statusOf(found, recorder.count);
        const errors = [...worstFirst(found), ...remarks];
        recorder.finish(status, errors);
        if (errors.length === 0) continue;
        const level = status === "skipped" ? "info" : "warn";
        const message = status === "complete" ? "scope complete, with remarks" : "scope not complete";
        context.log({ level, message, account: project, region, kind, status, errors });
      }
    },
  };
}

function keep(errors: GcpScopeError[], error: GcpScopeError): void {
  const isKnown = errors.some((each) => each.code === error.code && each.message === error.message);
  if (!isKnown && errors.length < MOST_ERRORS) errors.push(error);
}

function statusOf(errors: readonly GcpScopeError[], count: number): ScopeStatus {
  if (errors.length === 0) return "complete";
  if (count > 0) return "partial";
  return errors.every(({ code }) => SKIPPED.has(code)) ? "skipped" : "failed";
}

function worstFirst(errors: readonly GcpScopeError[]): GcpScopeError[] {
  const rank = ({ code }: GcpScopeError) => (code === "unreachable" ? 0 : code === "malformed" ? 2 : 1);
  return [...errors].sort((a, b) => rank(a) - rank(b));
}
