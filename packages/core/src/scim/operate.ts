import { ProblemError } from "@cadastre/contract/errors";
import type { ResourceType, Values } from "./attribute.ts";
import type { Expected } from "./etag.ts";
import { createGroup, deleteGroup, newGroupId, patchGroup, replaceGroup } from "./groups.ts";
import { load } from "./load.ts";
import { USERS } from "./schemas.ts";
import { isSelected, type Selection, select } from "./select.ts";
import type { Service } from "./service.ts";
import { createUser, deleteUser, newUserId, patchUser, replaceUser } from "./users.ts";

type Create = (service: Service, body: unknown, id?: string) => Promise<string>;
type Change = (service: Service, id: string, body: unknown, expected: Expected) => Promise<void>;

interface Operations {
  readonly newId: (service: Service) => string;
  readonly create: Create;
  readonly replace: Change;
  readonly patch: Change;
  readonly remove: (service: Service, id: string, expected: Expected) => Promise<void>;
}

const OPERATIONS: Readonly<Record<ResourceType["id"], Operations>> = {
  User: { newId: newUserId, create: createUser, replace: replaceUser, patch: patchUser, remove: deleteUser },
  Group: { newId: newGroupId, create: createGroup, replace: replaceGroup, patch: patchGroup, remove: deleteGroup },
};

/** What can be done with resources of a type. */
export const operationsOf = ({ id }: ResourceType): Operations => OPERATIONS[id];

/** A resource as it is answered. */
export interface Shown {
  readonly document: Readonly<Record<string, unknown>>;
  readonly etag: string;
  readonly location: string;
}

/** One resource with what is selected of it. Throws 404 `scim.not_found`. */
export async function getResource(
  service: Service,
  type: ResourceType,
  id: string,
  selection: Selection = {},
): Promise<Shown> {
  const memberships = isSelected(type, selection, type === USERS ? "groups" : "members");
  const [found] = await load(service, type, [id], { memberships });
  if (!found) throw new ProblemError("scim.not_found", `there is no ${type.id} ${JSON.stringify(id.slice(0, 60))}`);
  const { version, location } = found.resource.meta as Values;
  return {
    document: select(type, found.resource, selection),
    etag: version as string,
    location: location as string,
  };
}
