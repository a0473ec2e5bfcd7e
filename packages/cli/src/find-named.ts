import type { Client } from "@cadastre/client/client";
import { NotFoundError, UsageError } from "./exit-codes.ts";
import { neutralise } from "./output/text.ts";

/** What has a name of its own in an organization. */
const TYPES = ["user", "service-account", "group", "address-space"] as const;
type NamedType = (typeof TYPES)[number];

const PREFIXES: Readonly<Record<NamedType, string>> = {
  user: "usr_",
  "service-account": "sva_",
  group: "grp_",
  "address-space": "spc_",
};
const COMMANDS: Readonly<Record<NamedType, string>> = {
  user: "users",
  "service-account": "service-accounts",
  group: "groups",
  "address-space": "spaces",
};

async function idsOf(client: Client, type: NamedType, name: string): Promise<readonly { readonly id: string }[]> {
  switch (type) {
    case "user":
      return (await client.users.list({ userName: name, limit: 1 })).items;
    case "service-account":
      return (await client.serviceAccounts.list({ name, limit: 1 })).items;
    case "group":
      return (await client.groups.list({ name, limit: 1 })).items;
    case "address-space":
      return (await client.addressSpaces.list({ name, limit: 1 })).items;
  }
}

async function findId(client: Client, type: NamedType, text: string): Promise<string> {
  if (text.startsWith(PREFIXES[type])) return text;
  const [found] = await idsOf(client, type, text);
  if (found) return found.id;
  throw new NotFoundError(
    `there is no ${type.replace("-", " ")} of the name ${JSON.stringify(neutralise(text))}`,
    `\`cadastre ${COMMANDS[type]} list\` has them all`,
  );
}

/** The id of the user that is meant by its id or its name; case does not matter. Throws NotFoundError. */
export const findUserId = (client: Client, text: string): Promise<string> => findId(client, "user", text);
/** The same of a service account. */
export const findServiceAccountId = (client: Client, text: string): Promise<string> =>
  findId(client, "service-account", text);
/** The same of a group. */
export const findGroupId = (client: Client, text: string): Promise<string> => findId(client, "group", text);
/** The same of an address space. */
export const findSpaceId = (client: Client, text: string): Promise<string> => findId(client, "address-space", text);

/**
 * Who is meant: by an id, which says what it is, by type and id or name (`user/ann`), or by a name alone when it is the name of
 * one of them. `types` are those that can be meant. Throws NotFoundError, UsageError when it could be several.
 */
export async function findNamed<Type extends NamedType>(
  client: Client,
  text: string,
  types: readonly Type[],
): Promise<{ readonly type: Type; readonly id: string }> {
  for (const type of types) {
    if (text.startsWith(PREFIXES[type])) return { type, id: text };
    if (text.startsWith(`${type}/`)) return { type, id: await findId(client, type, text.slice(type.length + 1)) };
  }
  const asked = await Promise.all(
    types.map(async (type) => (await idsOf(client, type, text)).map(({ id }) => ({ type, id }))),
  );
  const [first, ...others] = asked.flat();
  const forms = types.map((type) => `${type}/${others.length > 0 ? neutralise(text) : "NAME"}`).join(", ");
  if (first === undefined)
    throw new NotFoundError(`nobody is called ${JSON.stringify(neutralise(text))}`, `an id is taken, or ${forms}`);
  if (others.length > 0)
    throw new UsageError(`${neutralise(text)} could be ${others.length + 1} of them`, `give ${forms}`);
  return first;
}

/** The id of the organization that is meant by its id or its slug. Throws NotFoundError. */
export async function findOrganizationId(client: Client, text: string): Promise<string> {
  if (text.startsWith("org_")) return text;
  for await (const one of client.organizations.list.all({ limit: 200 })) if (one.slug === text) return one.id;
  throw new NotFoundError(
    `there is no organization ${JSON.stringify(neutralise(text))} that this token may see`,
    "`cadastre organizations list` has them",
  );
}

/**
 * A thing by type and id, as the API names it: an organization by its slug, too (`organization/payments`), the system by `system` alone,
 * an account as `aws/123456789012`, an address space by its name, too (`address-space/production`), and what has an id of its own by that. What is no such form goes to the API as it is.
 */
export async function findThing(client: Client, text: string): Promise<string> {
  if (text === "system") return "system/system";
  if (/^(?:aws|gcp)\//.test(text)) return `account/${text}`;
  if (text.startsWith("org_")) return `organization/${text}`;
  if (text.startsWith("crd_")) return `credential/${text}`;
  if (text.startsWith("spc_")) return `address-space/${text}`;
  const [, space] = /^address-space\/(.+)$/.exec(text) ?? [];
  if (space !== undefined) return `address-space/${await findSpaceId(client, space)}`;
  const [, organization] = /^organization\/(.+)$/.exec(text) ?? [];
  return organization === undefined ? text : `organization/${await findOrganizationId(client, organization)}`;
}

/**
 * Who acts, as the audit log names it: a user or service account by its id or name, also behind its type (`user:ann`); a collector by its id;
 * `system`, `unknown`, `others`. Throws as `findNamed` does.
 */
export async function findActor(client: Client, text: string): Promise<string> {
  if (/^(?:system|unknown|others|(?:collector:)?col_.*)$/.test(text)) return text;
  const { type, id } = await findNamed(client, text.replace(/^(user|service-account):/, "$1/"), [
    "user",
    "service-account",
  ]);
  return `${type}:${id}`;
}
