import {
  type Resource,
  type ResourceEvent,
  type ResourcePatch,
  resource,
  resourceEvent,
} from "@cadastre/contract/view";
import { createList, type List, type PageQuery } from "./list.ts";
import type { Query, Request } from "./request.ts";

export interface ResourceFilter extends Query {
  readonly kind?: string | undefined;
  readonly provider?: string | undefined;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  /** Natural id of the network. */
  readonly network?: string | undefined;
  readonly status?: string | undefined;
  readonly name?: string | undefined;
  /** `key=value` or `key`. */
  readonly tag?: string | undefined;
  /** Everything that has this address in it. */
  readonly ip?: string | undefined;
  /** Everything within this prefix. */
  readonly cidr?: string | undefined;
}

export interface Resources extends List<Resource, ResourceFilter> {
  /** By natural id or key (`res_…`). */
  get(id: string): Promise<Resource>;
  history(id: string): List<ResourceEvent, Query>;
  /** Changes notes and owner. Throws 412 `request.precondition_failed` when `version` is not the current one. */
  patch(id: string, patch: ResourcePatch, version: number): Promise<Resource>;
}

export interface SearchQuery extends PageQuery, Query {
  /** Free text and qualifiers, `kind:instance tag:env=prod ip:10.1.2.5`. */
  readonly q: string;
}

export function createResources(request: Request): Resources {
  const path = (id: string) => `/resources/${encodeURIComponent(id)}`;
  return {
    ...createList<typeof resource, ResourceFilter>(request, "/resources", resource),
    get: (id) => request({ method: "GET", path: path(id), answer: resource }),
    history: (id) => createList(request, `${path(id)}/history`, resourceEvent),
    patch: (id, patch, version) => request({ method: "PATCH", path: path(id), body: patch, version, answer: resource }),
  };
}
