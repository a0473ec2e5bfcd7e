import type { KindName } from "@cadastre/contract/kinds/names";
import { createDeadline, type Deadline } from "../deadline.ts";
import type { ObserveContext } from "../observe.ts";
import { readPages } from "../pages.ts";
import type { Repetition } from "../retry.ts";
import { MalformedError } from "../values.ts";
import type { GcpApi } from "./api.ts";
import { callRepeatedly } from "./call.ts";
import { type GcpScopeError, toScopeError } from "./errors.ts";
import { type Page, readPage } from "./page.ts";
import { GLOBAL, type RegionScopes } from "./region-scopes.ts";
import type { SharedVpcHost } from "./shared-vpc.ts";
import type { Step } from "./step.ts";

/** What all listings of one project have in common. */
export interface ProjectView {
  readonly context: ObserveContext;
  readonly api: GcpApi;
  readonly project: string;
  readonly pageSize: number;
  readonly repetition: Repetition;
}

/** Reads one list to its end into the regions' scopes; answers what it met that is not of one region. */
export async function observeListing<K extends KindName, Item>(
  view: ProjectView,
  step: Step<K, Item>,
  scopes: RegionScopes<K>,
  host: Promise<SharedVpcHost>,
): Promise<readonly GcpScopeError[]> {
  const { context, project } = view;
  const deadline = createDeadline({ signal: context.signal, milliseconds: context.scopeDeadlineMilliseconds });
  const errors: GcpScopeError[] = [];
  try {
    const failure = await readPages(
      (token) => readOne(view, step, deadline, token),
      async (page) => {
        // When it cannot be known in time, resources without it are still better than none.
        const known = step.needsSharedVpcHost ? await deadline.race(host).catch(() => undefined) : undefined;
        take(page, { step, scopes, project, sharedVpcHost: known?.isHost, errors });
      },
    );
    if (failure) {
      errors.push(toScopeError(failure.error, step.operation));
    } else if (step.member !== undefined && scopes.regions().length === 0) {
      errors.push(toScopeError(new MalformedError("the list names no region"), step.operation));
    }
    return errors;
  } finally {
    deadline.end();
  }
}

async function readOne<K extends KindName, Item>(
  view: ProjectView,
  step: Step<K, Item>,
  deadline: Deadline,
  token: string | undefined,
): Promise<Page<Item>> {
  const request = {
    project: view.project,
    maxResults: view.pageSize,
    ...step.request,
    ...(token === undefined ? {} : { pageToken: token }),
  };
  const method = step.member === undefined ? "list" : "aggregatedList";
  const answer = await callRepeatedly({ api: view.api, deadline, repetition: view.repetition }, (api, signal) =>
    api.compute(step.service, method, request, signal),
  );
  return readPage<Item>(answer, step);
}

function take<K extends KindName, Item>(
  page: Page<Item>,
  into: {
    readonly step: Step<K, Item>;
    readonly scopes: RegionScopes<K>;
    readonly project: string;
    readonly sharedVpcHost: boolean | undefined;
    readonly errors: GcpScopeError[];
  },
): void {
  const { step, scopes, project, sharedVpcHost, errors } = into;
  const isOwn = (region: string | undefined) => !(step.globalElsewhere && region === GLOBAL);
  for (const { region, items } of page.parts) {
    if (!isOwn(region)) continue;
    scopes.open(region);
    for (const item of items) {
      const { name } = item as { readonly name?: unknown };
      const named = (message: string) => `${typeof name === "string" ? name : "a resource without name"}: ${message}`;
      const report = (message: string) =>
        scopes.remark(region, { code: "unknown_value", message: named(message), operation: step.operation });
      try {
        scopes.add(region, step.convert(item, { project, region, report }, sharedVpcHost));
      } catch (error) {
        if (!(error instanceof MalformedError)) throw error;
        scopes.note(region, toScopeError(new MalformedError(named(error.message)), step.operation));
      }
    }
  }
  for (const { region, code, message } of page.warnings) {
    const error = { code, message, operation: step.operation };
    if (region === undefined) errors.push(error);
    else if (isOwn(region)) scopes.note(region, error);
  }
}
