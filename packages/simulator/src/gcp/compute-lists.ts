import type { ApiAnswer, ApiCall } from "./api.ts";
import { isProblem, unsupportedParameters } from "./api.ts";
import type { GcpProject } from "./layout.ts";
import {
  aggregate,
  type Position,
  pageSizeOf,
  readPageToken,
  type ScopeSource,
  slicePage,
  writePageToken,
} from "./pages.ts";
import { type GcpProblem, problems } from "./problems.ts";
import { computeLink } from "./wire.ts";

/** Where a list starts and how much it answers, or why its parameters are refused. */
export function pageOf(
  { query }: ApiCall,
  of: string,
): GcpProblem | { readonly pageSize: number; readonly start: Position } {
  const unsupported = unsupportedParameters.find((each) => query.get(each));
  if (unsupported)
    return problems.invalid(
      unsupported,
      query.get(unsupported) ?? "",
      "This parameter is not served here: leave it out.",
    );
  const pageSize = pageSizeOf(query);
  const start = readPageToken(of, query);
  if (isProblem(pageSize)) return pageSize;
  return isProblem(start) ? start : { pageSize, start };
}

/** The token of the next page; under the fault `repeat-token` always that of the page asked for, so that it never ends. */
export function nextPage(call: ApiCall, of: string, token: string | undefined): { readonly nextPageToken?: string } {
  const first = writePageToken(of, { scope: 0, place: 0 });
  const next = call.fault?.kind === "repeat-token" ? (call.query.get("pageToken") ?? first) : token;
  return next ? { nextPageToken: next } : {};
}

/** `list`: one collection, one `warning` for all of it. */
export function list(
  call: ApiCall,
  options: { readonly kind: string; readonly of: GcpProject; readonly all: readonly object[] },
): ApiAnswer {
  const of = `${options.kind} ${options.of.projectId}`;
  const asked = pageOf(call, of);
  if (isProblem(asked)) return asked;
  const empty = call.fault?.kind === "empty";
  const { page, nextPageToken } = slicePage({ of, all: empty ? [] : options.all, ...asked });
  return {
    kind: options.kind,
    id: `projects/${options.of.projectId}`,
    ...(page.length ? { items: page } : {}),
    ...listWarning(call),
    ...nextPage(call, of, nextPageToken),
    selfLink: computeLink(call.version, `projects/${options.of.projectId}`),
  };
}

/**
 * `aggregatedList`: resources by scope. A scope that cannot be reached fails the whole request, unless `returnPartialSuccess=true` was
 * asked for: then it has a warning in place of its resources and is named in `unreachables`. Source: the description of
 * returnPartialSuccess in the discovery document of compute v1.
 */
export function aggregatedList(
  call: ApiCall,
  options: {
    readonly kind: string;
    readonly field: string;
    readonly of: GcpProject;
    readonly sources: readonly ScopeSource[];
  },
): ApiAnswer {
  const of = `${options.kind} ${options.of.projectId}`;
  const asked = pageOf(call, of);
  if (isProblem(asked)) return asked;
  const empty = call.fault?.kind === "empty";
  const sources = empty ? options.sources.map((source) => ({ ...source, places: 0 })) : options.sources;
  const faultOf = (scope: string) => call.scopeFault(scope);
  const page = aggregate({ of, field: options.field, sources, ...asked, faultOf });
  const [unreachable] = page.unreachables;
  if (unreachable && call.query.get("returnPartialSuccess") !== "true") return problems.unreachable(unreachable);
  const path = `projects/${options.of.projectId}/aggregated/${options.field}`;
  return {
    kind: options.kind,
    id: path,
    items: page.items,
    ...listWarning(call),
    ...(page.unreachables.length ? { unreachables: page.unreachables } : {}),
    ...nextPage(call, of, page.nextPageToken),
    selfLink: computeLink(call.version, path),
  };
}

function listWarning({ fault }: ApiCall): { readonly warning?: object } {
  if (fault?.kind !== "warning") return {};
  return { warning: { code: fault.code ?? "UNREACHABLE", message: fault.message ?? "Some results may be missing." } };
}
