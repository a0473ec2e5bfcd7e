import { ips } from "@cadastre/contract/endpoints/ips";
import {
  allocateAddresses,
  allocatePrefixes,
  getAllocated,
  previewAddresses,
  previewPrefixes,
} from "@cadastre/core/addresses/allocation/allocate";
import { createIp } from "@cadastre/core/addresses/tree/create-ip";
import { deleteIp } from "@cadastre/core/addresses/tree/delete-ip";
import { deleteSubtree, previewRemoval } from "@cadastre/core/addresses/tree/delete-subtree";
import { expandIp } from "@cadastre/core/addresses/tree/expand";
import { listIps } from "@cadastre/core/addresses/tree/list";
import { getIp } from "@cadastre/core/addresses/tree/read-ips";
import { replaceIp } from "@cadastre/core/addresses/tree/replace-ip";
import { implement } from "./route.ts";

const whereOf = ({ spaceId, ipId }: { readonly spaceId: string; readonly ipId: string }) => ({
  space: spaceId,
  id: ipId,
});

/** Tags of a list such as `env=prod,tier=gold`. */
const toTags = (list: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    list.split(",").map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]),
  );

/** The id at the end of a record's target. */
const idOf = (target: string): string => target.slice(target.indexOf("/") + 1);

export const IP_ROUTES = implement(ips, {
  create: {
    handle: ({ context, actor, params, body }) => createIp(context, actor, params.spaceId, body),
    replay: ({ context, params }, { target }) => getIp(context, params.spaceId, idOf(target)),
  },
  list({ context, params, query }) {
    const { limit, cursor, sort, expand, parentId, family, tags, ...rest } = query;
    const filters = {
      ...rest,
      parentId: parentId === "null" ? null : parentId,
      family: family === undefined ? undefined : (Number(family) as 4 | 6),
      tags: tags === undefined ? undefined : toTags(tags),
    };
    return listIps(context, params.spaceId, filters, {
      limit,
      cursor,
      sort,
      expand: { utilization: expand !== undefined },
    });
  },
  get({ context, params, query }) {
    const names = query.expand?.split(",") ?? [];
    const wanted = Object.fromEntries(names.map((name) => [name, true]));
    return expandIp(context, params.spaceId, params.ipId, wanted);
  },
  replace: ({ context, actor, params, body, version }) =>
    replaceIp(context, actor, params.spaceId, params.ipId, body, { version }),
  async delete({ context, actor, params, query, version }) {
    const { spaceId, ipId } = params;
    if (query.dryRun) return query.subtree ? previewRemoval(context, spaceId, ipId) : { removed: 1 };
    if (query.subtree) return deleteSubtree(context, actor, spaceId, ipId, { version });
    await deleteIp(context, actor, spaceId, ipId, { version });
    return { removed: 1 };
  },
  freePrefixes: ({ context, params, query }) => previewPrefixes(context, whereOf(params), query),
  allocatePrefixes: {
    handle: ({ context, actor, params, body }) => allocatePrefixes(context, actor, whereOf(params), body),
    replay: ({ context, params }, { target }) => getAllocated(context, params.spaceId, target),
  },
  freeAddresses: ({ context, params, query }) => previewAddresses(context, whereOf(params), query),
  allocateAddresses: {
    handle: ({ context, actor, params, body }) => allocateAddresses(context, actor, whereOf(params), body),
    replay: ({ context, params }, { target }) => getAllocated(context, params.spaceId, target),
  },
});
