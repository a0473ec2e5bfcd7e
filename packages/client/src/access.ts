import { type Account, type AccountPatch, account, type newAccount } from "@cadastre/contract/account";
import { type Collector, collector, type collectorPatch, type newCollector } from "@cadastre/contract/collector";
import type { Provider } from "@cadastre/contract/scope";
import { type CreatedToken, createdToken, type newToken, type Token, token } from "@cadastre/contract/token";
import type * as z from "zod";
import { createList, type List } from "./list.ts";
import { nothing, type Query, type Request } from "./request.ts";

export interface CollectorFilter extends Query {
  readonly state?: string | undefined;
}

/** Every decision throws 412 when `version` is not the current one, and 409 `collector.state` when the state does not allow it. */
export interface Collectors extends List<Collector, CollectorFilter> {
  get(id: string): Promise<Collector>;
  /** Registers a public key. The same `idempotencyKey` again makes no second collector. */
  create(collector: z.input<typeof newCollector>, idempotencyKey?: string): Promise<Collector>;
  approve(id: string, version: number): Promise<Collector>;
  reject(id: string, version: number): Promise<Collector>;
  revoke(id: string, version: number): Promise<Collector>;
  patch(id: string, patch: z.input<typeof collectorPatch>, version: number): Promise<Collector>;
}

export function createCollectors(request: Request): Collectors {
  const path = (id: string) => `/collectors/${encodeURIComponent(id)}`;
  const decide = (verb: "approve" | "reject" | "revoke") => (id: string, version: number) =>
    request({ method: "POST", path: `${path(id)}/${verb}`, body: {}, version, answer: collector });
  return {
    ...createList<typeof collector, CollectorFilter>(request, "/collectors", collector),
    get: (id) => request({ method: "GET", path: path(id), answer: collector }),
    create: (body, idempotencyKey) =>
      request({ method: "POST", path: "/collectors", body, idempotencyKey: idempotencyKey ?? true, answer: collector }),
    approve: decide("approve"),
    reject: decide("reject"),
    revoke: decide("revoke"),
    patch: (id, patch, version) =>
      request({ method: "PATCH", path: path(id), body: patch, version, answer: collector }),
  };
}

export interface AccountFilter extends Query {
  readonly provider?: string | undefined;
  readonly platform?: string | undefined;
  readonly tier?: string | undefined;
  readonly environment?: string | undefined;
}

export interface Accounts extends List<Account, AccountFilter> {
  get(provider: Provider, account: string): Promise<Account>;
  create(account: z.input<typeof newAccount>, idempotencyKey?: string): Promise<Account>;
  patch(provider: Provider, account: string, patch: AccountPatch, version: number): Promise<Account>;
  /** Throws 409 `account.in_use` while it has active resources. */
  remove(provider: Provider, account: string, version: number): Promise<void>;
}

export function createAccounts(request: Request): Accounts {
  const path = (provider: Provider, id: string) =>
    `/accounts/${encodeURIComponent(provider)}/${encodeURIComponent(id)}`;
  return {
    ...createList<typeof account, AccountFilter>(request, "/accounts", account),
    get: (provider, id) => request({ method: "GET", path: path(provider, id), answer: account }),
    create: (body, idempotencyKey) =>
      request({ method: "POST", path: "/accounts", body, idempotencyKey: idempotencyKey ?? true, answer: account }),
    patch: (provider, id, patch, version) =>
      request({ method: "PATCH", path: path(provider, id), body: patch, version, answer: account }),
    remove: (provider, id, version) =>
      request({ method: "DELETE", path: path(provider, id), version, answer: nothing }),
  };
}

export interface Tokens extends List<Token, Query> {
  /** The secret is in this answer and never again. */
  create(token: z.input<typeof newToken>, idempotencyKey?: string): Promise<CreatedToken>;
  revoke(id: string): Promise<void>;
}

export function createTokens(request: Request): Tokens {
  return {
    ...createList(request, "/tokens", token),
    create: (body, idempotencyKey) =>
      request({ method: "POST", path: "/tokens", body, idempotencyKey: idempotencyKey ?? true, answer: createdToken }),
    revoke: (id) => request({ method: "DELETE", path: `/tokens/${encodeURIComponent(id)}`, answer: nothing }),
  };
}
