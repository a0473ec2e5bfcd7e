import type { HeldRole } from "@cadastre/contract/principal";
import type { Stored } from "@cadastre/store/table";
import { type Context, FIRST_ORGANIZATION, inOrganization, type Principal } from "../context.ts";
import { GroupItem } from "../directory/items.ts";
import { readOrganization } from "../directory/organizations.ts";
import type { Link, Rights, Rule } from "./engine.ts";
import { POLICIES_PARTITION, PolicyItem } from "./items.ts";
import { createPolicyMemory, knownAt } from "./memory.ts";
import { toCedarType } from "./schema.ts";
import type { Placed, Uid } from "./scope.ts";
import { thingUid } from "./things.ts";

/** The statements of stored policies, each with the id that decisions name: the policy's, with a number from the second on. */
export function toRules(policies: readonly Pick<PolicyItem, "id" | "statements">[]): Rule[] {
  return policies.flatMap(({ id, statements }) =>
    statements.map((statement, at) => ({ ...statement, id: at === 0 ? id : `${id}#${at + 1}` })),
  );
}

/** All policies of the context's organisation, oldest first, strongly consistent. */
export async function readPolicies({ table }: Pick<Context, "table">): Promise<Stored<PolicyItem>[]> {
  const policies: Stored<PolicyItem>[] = [];
  let cursor: string | undefined;
  do {
    const page = await table.query(PolicyItem, { partition: POLICIES_PARTITION, cursor, consistent: true });
    policies.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return policies;
}

const readGroupRoles = async ({ table }: Pick<Context, "table">, id: string): Promise<readonly HeldRole[]> =>
  (await table.get(GroupItem, { id }, { consistent: true }))?.roles ?? [];

/** Forgets what could not be read, so that the next request reads it again. */
function remembered<Read>(promise: Promise<Read>, forget: () => void): Promise<Read> {
  promise.catch(forget);
  return promise;
}

type Reading = Pick<Context, "table" | "organization" | "policies">;

/** The statements that decide in the context's organisation. Reads nothing when they are remembered at this version. */
export function rulesAt(context: Reading, version: number): Promise<readonly Rule[]> {
  // Nothing has ever raised it: there never was a policy.
  if (version === 0) return Promise.resolve([]);
  const known = knownAt(context.policies ?? createPolicyMemory(), context.organization, version);
  known.rules ??= remembered(readPolicies(context).then(toRules), () => {
    delete known.rules;
  });
  return known.rules;
}

function groupRolesAt(context: Reading, version: number, id: string): Promise<readonly HeldRole[]> {
  const { groups } = knownAt(context.policies ?? createPolicyMemory(), context.organization, version);
  const found = groups.get(id) ?? remembered(readGroupRoles(context, id), () => groups.delete(id));
  groups.set(id, found);
  return found;
}

/** A role that is held, and has not ended, as what a decision rests on. */
export function toLinks(holder: Uid, roles: readonly HeldRole[], now: Date): Link[] {
  return roles
    .filter(({ expiresAt }) => expiresAt === undefined || Date.parse(expiresAt) > now.getTime())
    .map(({ id, role, resource, expiresAt }) => ({
      id,
      role,
      holder,
      place: thingUid(resource.type, resource.id),
      until: expiresAt,
    }));
}

const groupUid = (id: string): Uid => ({ type: toCedarType("group"), id });

/** Whose rights are asked for. */
export type Holder = Pick<Principal, "id" | "groups" | "roles" | "organization" | "policyVersion" | "isRecovery"> & {
  readonly type: "user" | "service-account";
};

/** A user or service account as Cedar knows it. */
export const placedHolder = ({ type, id, groups }: Pick<Holder, "type" | "id" | "groups">): Placed => ({
  uid: { type: toCedarType(type), id },
  within: groups.map(groupUid),
});

const versionOf = async (context: Reading): Promise<number> =>
  (await readOrganization(context, context.organization))?.policyVersion ?? 0;

/**
 * What decides what somebody may do in the context's organisation: its own roles, those of its groups, and the policies there. Reads
 * groups and policies only when they have changed since they were read, and the organisation's item where it acts in another one.
 */
export async function rightsOf(context: Reading & Pick<Context, "now">, holder: Holder): Promise<Rights> {
  const home = inOrganization(context, holder.organization);
  const isHome = context.organization === holder.organization;
  const homeVersion = holder.policyVersion ?? (await versionOf(home));
  const [rules, ...ofGroups] = await Promise.all([
    holder.isRecovery ? [] : rulesAt(context, isHome ? homeVersion : await versionOf(context)),
    ...holder.groups.map((id) => groupRolesAt(home, homeVersion, id)),
  ]);
  const now = context.now();
  return {
    links: [
      ...toLinks(placedHolder(holder).uid, holder.roles, now),
      ...holder.groups.flatMap((id, at) => toLinks(groupUid(id), ofGroups[at] ?? [], now)),
    ],
    rules,
  };
}

/** Policies of any but the first organisation say nothing of the system, which belongs to none of them. */
export const rightsToSystem = (rights: Rights, organization: string): Rights =>
  organization === FIRST_ORGANIZATION ? rights : { links: rights.links, rules: [] };
