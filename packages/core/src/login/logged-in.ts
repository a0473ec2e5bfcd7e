import type { Stored } from "@cadastre/store/table";
import { type Context, type Principal, principalOf } from "../context.ts";
import type { OrganizationItem, UserItem } from "../directory/items.ts";
import type { GivenSession, LoginFrom } from "./sessions.ts";

/** Who logs in, from where, in which request. */
export interface LoginCall extends LoginFrom {
  readonly requestId: string;
}

export interface LoggedIn extends GivenSession {
  readonly context: Context;
  readonly user: Stored<UserItem>;
  /** By what the second factor that is due can be proved; empty when one has to be enrolled first. Absent when none is due. */
  readonly due?: readonly ("code" | "passkey" | "recovery-code")[];
}

/** Whether an organization lets no session do anything without a second factor. */
export const requiresSecond = ({ secondFactor }: OrganizationItem): boolean => secondFactor === "required";

/** Who has logged in, in a session that is being made. */
export function toPrincipal(
  { id, userName, groups, roles }: UserItem,
  { organization }: Pick<Context, "organization">,
  { item }: Pick<GivenSession, "item">,
): Principal {
  const { strength, authenticatedAt, isPending } = item;
  const session = { id: item.id, strength, authenticatedAt, isPending };
  return { ...principalOf({ type: "user", id, name: userName }, organization), groups, roles, session };
}
