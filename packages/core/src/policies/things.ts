import type { DecidedType } from "@cadastre/contract/role";
import type { EntityJson } from "@cedar-policy/cedar-wasm/nodejs";
import type { Thing } from "./engine.ts";
import { toCedarType } from "./schema.ts";
import type { Uid } from "./scope.ts";

/** What is said of an account, for policies to look at. What nobody has said is not there. */
export interface AccountFacts {
  readonly provider: string;
  readonly account: string;
  readonly environment?: string | undefined;
  readonly tier?: string | undefined;
  readonly platform?: string | undefined;
  readonly owner?: string | undefined;
}

/** `aws/123456789012`. */
export const nameOfAccount = ({ provider, account }: Pick<AccountFacts, "provider" | "account">): string =>
  `${provider}/${account}`;

export const SYSTEM_ID = "system";

export const thingUid = (type: DecidedType, id: string): Uid => ({ type: toCedarType(type), id });

const entity = (uid: Uid, parents: readonly Uid[], more: Partial<EntityJson> = {}): EntityJson => ({
  uid: { ...uid },
  attrs: {},
  parents: [...parents],
  ...more,
});

/** The service itself: what belongs to no organisation. */
export function theSystem(): Thing {
  const uid = thingUid("system", SYSTEM_ID);
  return { uid, within: [], entities: [entity(uid, [])] };
}

/** Something in what was named before. */
function within(place: Thing, type: DecidedType, id: string, more: Partial<EntityJson> = {}): Thing {
  const uid = thingUid(type, id);
  return {
    uid,
    within: [place.uid, ...place.within],
    entities: [entity(uid, [place.uid], more), ...place.entities],
  };
}

export const anOrganization = (id: string): Thing => within(theSystem(), "organization", id);

const said = (facts: Partial<AccountFacts>): EntityJson["attrs"] =>
  Object.fromEntries(
    (["provider", "account", "environment", "tier", "platform", "owner"] as const).flatMap((name) => {
      const value = facts[name];
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );

/** An account of an organisation; what is not known of it cannot meet a condition. */
export function anAccount(organization: string, facts: AccountFacts): Thing {
  return within(anOrganization(organization), "account", nameOfAccount(facts), { attrs: said(facts) });
}

/** A single thing, in its account when it is in one. */
export function aThing(
  organization: string,
  {
    type,
    id,
    account,
    attributes = {},
    tags = {},
  }: {
    readonly type: "credential" | "resource";
    readonly id: string;
    readonly account?: AccountFacts | undefined;
    readonly attributes?: Readonly<Record<string, string>>;
    readonly tags?: Readonly<Record<string, string>>;
  },
): Thing {
  const place = account === undefined ? anOrganization(organization) : anAccount(organization, account);
  return within(place, type, id, { attrs: { ...said(account ?? {}), ...attributes }, tags: { ...tags } });
}

/** A thing by type and id alone: of an account, what is said of it is not known. */
export function toThing(organization: string, type: DecidedType, id: string): Thing {
  if (type === "system") return theSystem();
  if (type === "organization") return anOrganization(id);
  return within(anOrganization(organization), type, id);
}
