import { type Hold, hold, type ScopeState, scopeState, type Trigger, trigger } from "@cadastre/contract/discovery";
import * as z from "zod";
import { createList, type List } from "./list.ts";
import type { Query, Request } from "./request.ts";

export interface ScopeFilter extends Query {
  readonly source?: string | undefined;
  readonly provider?: string | undefined;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  readonly kind?: string | undefined;
  readonly status?: string | undefined;
}

export interface HoldFilter extends Query {
  readonly state?: string | undefined;
}

export interface Holds extends List<Hold, HoldFilter> {
  /** Lets the resources be retired. Throws 412 when `version` is not the current one, 409 when it was decided or has changed. */
  approve(id: string, version: number, reason?: string): Promise<Hold>;
  /** Keeps the resources. Throws as `approve` does. */
  reject(id: string, version: number, reason?: string): Promise<Hold>;
}

const triggered = z.object({ items: z.array(trigger) });

export function createScopes(request: Request): List<ScopeState, ScopeFilter> {
  return createList<typeof scopeState, ScopeFilter>(request, "/discovery/status", scopeState);
}

export function createHolds(request: Request): Holds {
  const decide = (verb: "approve" | "reject") => (id: string, version: number, reason?: string) =>
    request({
      method: "POST",
      path: `/discovery/holds/${encodeURIComponent(id)}/${verb}`,
      body: reason === undefined ? {} : { reason },
      version,
      answer: hold,
    });
  return {
    ...createList<typeof hold, HoldFilter>(request, "/discovery/holds", hold),
    approve: decide("approve"),
    reject: decide("reject"),
  };
}

/** Asks a collector (id or name), or all approved ones, for a run now. */
export async function requestRun(request: Request, collector?: string): Promise<Trigger[]> {
  const body = collector === undefined ? {} : { collector };
  const { items } = await request({
    method: "POST",
    path: "/discovery/trigger",
    body,
    idempotencyKey: true,
    answer: triggered,
  });
  return items;
}
