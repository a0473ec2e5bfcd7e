import { userName as userNameSchema } from "@cadastre/contract/user";
import type { Stored } from "@cadastre/store/table";
import * as z from "zod";
import type { UserItem } from "../directory/items.ts";
import type { Values } from "./attribute.ts";
import { etagOf } from "./etag.ts";
import type { ScimResourceItem } from "./items.ts";
import { invalidValue, isPrimary } from "./read-value.ts";
import { ENTERPRISE_SCHEMA, USER_SCHEMA } from "./schemas.ts";

const MOST_NAME = 256;
const address = z.email().max(320);

/** What the directory has of a user, too. */
export interface Known {
  readonly userName: string;
  readonly displayName?: string;
  readonly email?: string;
}

/** As people are shown: what the source calls it, or else the parts of the name. */
function displayNameOf({ displayName, name }: Values): string | undefined {
  const { formatted, givenName, familyName } = (name ?? {}) as Values;
  const parts = [givenName, familyName].filter((part) => typeof part === "string").join(" ");
  const shown = [displayName, formatted, parts].find((one) => typeof one === "string" && one.trim() !== "");
  return typeof shown === "string" ? shown.trim().slice(0, MOST_NAME).toWellFormed() : undefined;
}

/** The primary address, or else the first; none that is no address. */
function emailOf({ emails = [] }: Values): string | undefined {
  const all = emails as readonly Values[];
  const { value } = all.find(isPrimary) ?? all[0] ?? {};
  const read = address.safeParse(value);
  return read.success ? read.data : undefined;
}

/** What of SCIM's values the directory is told. Throws `scim.invalid_value` for a name that nobody can log in with. */
export function toKnown(values: Values): Known {
  const read = userNameSchema.safeParse(values.userName);
  if (!read.success) throw invalidValue("userName", read.error.issues[0]?.message ?? "is no name");
  const [displayName, email] = [displayNameOf(values), emailOf(values)];
  return {
    userName: read.data,
    ...(displayName === undefined ? {} : { displayName }),
    ...(email === undefined ? {} : { email }),
  };
}

/** What is kept beside the directory's item: not what that one has, and never a password. */
export function toKept({ userName: _, password: __, ...values }: Values): Values {
  return values;
}

/** What a source says of a user now, as a patch is applied to it. `active` that was taken away stays away while it is true. */
export function toSaid(item: Pick<ScimResourceItem, "values">, user: Pick<UserItem, "userName" | "disabled">): Values {
  const { active, ...values } = item.values as Values;
  const said = active === undefined && !user.disabled ? {} : { active: !user.disabled };
  return { ...values, ...said, userName: user.userName };
}

/** A group that a user is in, as far as the source has it. */
export interface OfGroup {
  readonly id: string;
  readonly name: string;
}

const latest = (...times: readonly string[]): string => times.toSorted().at(-1) ?? "";

/** A user as SCIM shows it. `base` is the address of the SCIM endpoint. */
export function toUserResource(
  base: string,
  item: Stored<ScimResourceItem>,
  user: Stored<UserItem>,
  groups: readonly OfGroup[],
): Values {
  const said = toSaid(item, user);
  return {
    ...said,
    schemas: said[ENTERPRISE_SCHEMA] === undefined ? [USER_SCHEMA] : [USER_SCHEMA, ENTERPRISE_SCHEMA],
    id: item.id,
    ...(groups.length === 0
      ? {}
      : {
          groups: groups.map(({ id, name }) => ({
            value: id,
            $ref: `${base}/Groups/${id}`,
            display: name,
            type: "direct",
          })),
        }),
    meta: {
      resourceType: "User",
      created: item.createdAt,
      lastModified: latest(item.updatedAt, user.updatedAt),
      location: `${base}/Users/${item.id}`,
      version: etagOf(item.version, user.version),
    },
  };
}
