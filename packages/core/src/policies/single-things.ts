import { idSchema } from "@cadastre/contract/ids";
import { kindOfId } from "@cadastre/contract/resource";
import type { Context } from "../context.ts";
import { accountsOf } from "../register/entries.ts";
import { ResourceItem } from "../register/items.ts";
import { keyOfId } from "../register/view.ts";
import { CredentialItem } from "../vault/items.ts";
import { accountFacts } from "./account-facts.ts";
import type { Rule, Thing } from "./engine.ts";
import { type SingleType, toCedarType } from "./schema.ts";
import { type AccountFacts, anAccount, anOrganization, aThing, nameOfAccount } from "./things.ts";

type Reading = Pick<Context, "table" | "organization">;

/** One thing as policies look at it, and where it is. */
export interface SingleThing {
  readonly thing: Thing;
  /** Its account, or the organisation when it is in none. */
  readonly place: Thing;
  /** Its account; undefined when it is in none. */
  readonly account?: AccountFacts | undefined;
  /** Of what belongs to no account (a certificate): the accounts that see it, any of which is enough for what roles allow. */
  readonly seenIn: readonly AccountFacts[];
}

type Named = Pick<AccountFacts, "provider" | "account">;
/** What is said of an account; its name alone when nobody has said anything. */
const factsOf = async (context: Reading, { provider, account }: Named): Promise<AccountFacts> =>
  (await accountFacts(context, nameOfAccount({ provider, account }))) ?? { provider, account };

/** A thing that nobody has made yet, or of which nothing is known but where it is. */
export function anyThingIn(organization: string, type: SingleType, account?: AccountFacts): Thing {
  return aThing(organization, { type, id: "", account });
}

async function readCredential(context: Reading, id: string): Promise<SingleThing | undefined> {
  const { organization, table } = context;
  if (!idSchema("credential").safeParse(id).success) return undefined;
  const stored = await table.get(CredentialItem, { id }, { consistent: true });
  if (!stored) return undefined;
  const { provider, account: number, name, type } = stored;
  const about = { type: "credential", id, attributes: { name, type } } as const;
  if (provider === undefined || number === undefined) {
    return { thing: aThing(organization, about), place: anOrganization(organization), seenIn: [] };
  }
  const account = await factsOf(context, { provider, account: number });
  return {
    thing: aThing(organization, { ...about, account }),
    place: anAccount(organization, account),
    account,
    seenIn: [],
  };
}

async function readResourceThing(context: Reading, named: string): Promise<SingleThing | undefined> {
  const { organization, table } = context;
  const key = keyOfId(named);
  const stored = key === undefined ? undefined : await table.get(ResourceItem, { idHash: key }, { consistent: true });
  if (!stored) return undefined;
  const { id, provider, kind, region, name, tags } = stored;
  const about = { type: "resource", id, attributes: { name, kind, region }, tags } as const;
  if (kindOfId(id)?.account === undefined) {
    const seenIn = accountsOf(stored).map((account) => factsOf(context, { provider, account }));
    return {
      thing: aThing(organization, about),
      place: anOrganization(organization),
      seenIn: await Promise.all(seenIn),
    };
  }
  const account = await factsOf(context, { provider, account: stored.account });
  return {
    thing: aThing(organization, { ...about, account }),
    place: anAccount(organization, account),
    account,
    seenIn: [],
  };
}

/**
 * One thing of the context's organisation, by its id (of a resource also its short one), strongly consistent; undefined when it is not there. Reads it
 * and its account: two read units, more where a resource has more than 4 KB.
 */
export function readSingle(context: Reading, type: SingleType, id: string): Promise<SingleThing | undefined> {
  return type === "credential" ? readCredential(context, id) : readResourceThing(context, id);
}

/** The single things that policies are about by name: `credential/crd_…`. */
export function namedThings(rules: readonly Pick<Rule, "scope">[], type: SingleType): string[] {
  const named = rules
    .flatMap(({ scope: { resource } }) => [resource.same, resource.within])
    .flatMap((one) => (one?.type === toCedarType(type) ? [`${type}/${one.id}`] : []));
  return [...new Set(named)];
}
