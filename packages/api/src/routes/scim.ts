import { SCIM_MEDIA, scim } from "@cadastre/contract/endpoints/scim";
import { ProblemError } from "@cadastre/contract/errors";
import type { ResourceType } from "@cadastre/core/scim/attribute";
import { runBulk } from "@cadastre/core/scim/bulk";
import { resourceTypes, schemaDocuments, serviceProviderConfig } from "@cadastre/core/scim/discovery";
import { isKnown } from "@cadastre/core/scim/etag";
import { hasManyMembers } from "@cadastre/core/scim/group-members";
import { listResources } from "@cadastre/core/scim/list";
import { readQuery, readQuerySelection, readSearch } from "@cadastre/core/scim/list-request";
import { getResource, operationsOf } from "@cadastre/core/scim/operate";
import { GROUPS, RESOURCE_TYPES, USERS } from "@cadastre/core/scim/schemas";
import { toProblemError } from "../problem.ts";
import { implement, type Provisioning, type ServedRequest } from "./route.ts";

type Request = Provisioning & Pick<ServedRequest, "raw" | "services">;
type One = Request & { readonly params: { readonly id: string } };

function respond(document: unknown, headers: Record<string, string> = {}, status = 200): Response {
  return new Response(JSON.stringify(document), { status, headers: { "content-type": SCIM_MEDIA, ...headers } });
}

const nothing = (headers: Record<string, string> = {}, status = 204): Response =>
  new Response(null, { status, headers });

/** What is said of the service is the same for everybody, and not to be searched (RFC 7644 §4). */
async function discover(asked: Provisioning["asked"], document: () => unknown): Promise<Response> {
  if ("filter" in asked) throw new ProblemError("auth.forbidden", "what the service says of itself takes no filter");
  return respond(document());
}

/** The handlers of a type of resource, by what they do. */
function handlersOf(type: ResourceType) {
  const operations = operationsOf(type);
  const show = async ({ scim, asked }: Request, id: string, status = 200) => {
    const { document, etag, location } = await getResource(scim, type, id, readQuerySelection(asked));
    return respond(document, { etag, ...(status === 201 ? { location } : {}) }, status);
  };
  return {
    create: async (request: Request) => {
      // Before anything is written: what is asked for of the answer may be wrong as well.
      readQuerySelection(request.asked);
      return show(request, await operations.create(request.scim, request.raw), 201);
    },
    list: async ({ scim, asked }: Request) => respond(await listResources(scim, [type], readQuery(asked))),
    search: async ({ scim, raw }: Request) => respond(await listResources(scim, [type], readSearch(raw))),
    get: async (request: One) => {
      const { document, etag, location } = await getResource(
        request.scim,
        type,
        request.params.id,
        readQuerySelection(request.asked),
      );
      if (isKnown(request.ifNoneMatch, etag)) return nothing({ etag }, 304);
      return respond(document, { etag, "content-location": location });
    },
    replace: async (request: One) => {
      readQuerySelection(request.asked);
      await operations.replace(request.scim, request.params.id, request.raw, { ifMatch: request.ifMatch });
      return show(request, request.params.id);
    },
    patch: async (request: One) => {
      const { scim, params, raw, ifMatch, asked } = request;
      const selection = readQuerySelection(asked);
      await operations.patch(scim, params.id, raw, { ifMatch });
      const isLarge = type === GROUPS && Object.keys(selection).length === 0 && (await hasManyMembers(scim, params.id));
      if (!isLarge) return show(request, params.id);
      return nothing({ etag: (await getResource(scim, type, params.id, { attributes: ["id"] })).etag });
    },
    remove: async ({ scim, params, ifMatch }: One) => {
      await operations.remove(scim, params.id, { ifMatch });
      return nothing();
    },
  };
}

const users = handlersOf(USERS);
const groups = handlersOf(GROUPS);

export const SCIM_ROUTES = implement(scim, {
  createUser: users.create,
  listUsers: users.list,
  searchUsers: users.search,
  getUser: users.get,
  replaceUser: users.replace,
  patchUser: users.patch,
  deleteUser: users.remove,
  createGroup: groups.create,
  listGroups: groups.list,
  searchGroups: groups.search,
  getGroup: groups.get,
  replaceGroup: groups.replace,
  patchGroup: groups.patch,
  deleteGroup: groups.remove,
  async bulk({ scim, actor, raw, services }) {
    const document = await runBulk(scim, raw, {
      toProblem: toProblemError,
      onRefused: ({ method }, error) =>
        services.refusals.record(actor, {
          action: "scim.bulk",
          target: scim.source,
          endpoint: `scim.bulk ${method}`,
          error,
          hasSecret: true,
        }),
    });
    return respond(document);
  },
  search: async ({ scim, raw }) => respond(await listResources(scim, RESOURCE_TYPES, readSearch(raw))),
  serviceProviderConfig: ({ scim, asked }) => discover(asked, () => serviceProviderConfig(scim.base)),
  resourceTypes: ({ scim, asked }) => discover(asked, () => resourceTypes(scim.base)),
  resourceType: ({ scim, asked, params }) => discover(asked, () => resourceTypes(scim.base, params.id)),
  schemas: ({ scim, asked }) => discover(asked, () => schemaDocuments(scim.base)),
  schema: ({ scim, asked, params }) => discover(asked, () => schemaDocuments(scim.base, params.id)),
});
