import type { Role } from "@cadastre/contract/principal";
import type { Link, Rule, Situation } from "./engine.ts";
import { parsePolicy } from "./parse-policy.ts";
import { toCedarType } from "./schema.ts";
import type { Placed, Uid } from "./scope.ts";
import { thingUid } from "./things.ts";

export const AN_ORGANIZATION = "org_01JD0000000000000000000001";

/** For tests: a user, and the groups that it is in. */
export const aUser = (id: string, ...groups: string[]): Placed => ({
  uid: { type: toCedarType("user"), id },
  within: groups.map((group) => ({ type: toCedarType("group"), id: group })),
});

/** For tests: by a token, in the morning, from an address of the office. */
export const aSituation = (more: Partial<Situation> = {}): Situation => ({
  time: new Date("2026-11-22T05:00:00.000Z"),
  address: "10.0.0.1",
  strength: 1,
  byToken: true,
  ...more,
});

/** For tests: a role that somebody has in the organisation, or in another place. */
export const aLink = (
  id: string,
  role: Role,
  holder: Uid,
  place: Uid = thingUid("organization", AN_ORGANIZATION),
): Link => ({ id, role, holder, place });

/** For tests: the statements of a policy's text. */
export function rulesOf(id: string, text: string): Rule[] {
  const parsed = parsePolicy(text);
  if ("errors" in parsed) throw new Error(JSON.stringify(parsed.errors));
  return parsed.statements.map((statement, at) => ({ ...statement, id: at === 0 ? id : `${id}#${at + 1}` }));
}
