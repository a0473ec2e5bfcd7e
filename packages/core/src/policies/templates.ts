import { ROLES, type Role } from "@cadastre/contract/principal";
import { ROLE_ACTIONS } from "@cadastre/contract/role";
import { ACTION_TYPE } from "./schema.ts";

/**
 * What a role is: a Cedar template, of which a binding fills in who has it and where. Undefined for a role that nothing can be done
 * with yet.
 */
export function templateOf(role: Role): string | undefined {
  const actions = ROLE_ACTIONS[role];
  if (actions.length === 0) return undefined;
  const names = actions.map((action) => `${ACTION_TYPE}::"${action}"`);
  return `permit (principal in ?principal, action in [${names.join(", ")}], resource in ?resource);`;
}

const ACTION_SETS: Readonly<Record<string, ReadonlySet<string>>> = Object.fromEntries(
  ROLES.map((role) => [role, new Set<string>(ROLE_ACTIONS[role])]),
);

/** Whether a role gives an action at all. */
export const roleGives = (role: Role, action: string): boolean => ACTION_SETS[role]?.has(action) ?? false;
