import type { ScopeState, Trigger } from "@cadastre/contract/discovery";
import { type AuditRecord, auditRecord, type Resource, resource } from "@cadastre/contract/view";
import {
  type Accounts,
  type Collectors,
  createAccounts,
  createCollectors,
  createTokens,
  type Tokens,
} from "./access.ts";
import { createHolds, createScopes, type Holds, requestRun, type ScopeFilter } from "./discovery.ts";
import { createList, type List } from "./list.ts";
import { type ClientOptions, createRequest, type Query } from "./request.ts";
import { createResources, type Resources, type SearchQuery } from "./resources.ts";
import { type Credentials, createCredentials } from "./vault.ts";

export interface AuditFilter extends Query {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
}

export interface Search {
  list(query: SearchQuery): ReturnType<List<Resource, SearchQuery>["list"]>;
  iterate(query: SearchQuery): AsyncGenerator<Resource>;
}

export interface Client {
  readonly resources: Resources;
  readonly search: Search;
  readonly scopes: List<ScopeState, ScopeFilter>;
  readonly holds: Holds;
  readonly collectors: Collectors;
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  readonly credentials: Credentials;
  readonly audit: List<AuditRecord, AuditFilter>;
  /** Asks a collector (id or name), or all approved ones, for a run now. */
  trigger(collector?: string): Promise<Trigger[]>;
}

/**
 * The API for operators. Answers are checked against the contract; what is refused, unreachable or not of the contract throws
 * ApiError. Creations carry an Idempotency-Key, changes the version that they change (If-Match).
 */
export function createClient(options: ClientOptions): Client {
  const request = createRequest(options);
  return {
    resources: createResources(request),
    search: createList<typeof resource, SearchQuery>(request, "/search", resource),
    scopes: createScopes(request),
    holds: createHolds(request),
    collectors: createCollectors(request),
    accounts: createAccounts(request),
    tokens: createTokens(request),
    credentials: createCredentials(request),
    audit: createList<typeof auditRecord, AuditFilter>(request, "/audit", auditRecord),
    trigger: (collector) => requestRun(request, collector),
  };
}
