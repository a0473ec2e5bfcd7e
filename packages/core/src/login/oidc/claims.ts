import type { IdentityProvider } from "@cadastre/contract/identity-provider";
import { type NewUser, newUser, userName } from "@cadastre/contract/user";

export type Claims = Readonly<Record<string, unknown>>;

/** A claim of its own: one may be called `constructor`. */
const claimOf = (claims: Claims, name: string): unknown => (Object.hasOwn(claims, name) ? claims[name] : undefined);

const MOST_GROUP_VALUES = 2000;

/** The values of the claim of groups: a text is a list of one, and what is no text is nothing. */
function groupValues(claims: Claims, name: string | undefined): readonly string[] {
  const value = name === undefined ? undefined : claimOf(claims, name);
  const values = Array.isArray(value) ? value.slice(0, MOST_GROUP_VALUES) : [value];
  return values.filter((one) => typeof one === "string");
}

/** The groups that claims are mapped to, each once. */
export function mappedGroups(
  { groups, groupsClaim }: Pick<IdentityProvider, "groups" | "groupsClaim">,
  claims: Claims,
): string[] {
  const values = new Set(groupValues(claims, groupsClaim));
  return [...new Set(groups.filter(({ value }) => values.has(value)).map(({ group }) => group))];
}

type NewNames = Pick<NewUser, "userName" | "displayName" | "email">;

/** What a new user is called; a name or an address of another form is left out. Undefined where there is no user name. */
export function newUserOf({ claims: names }: Pick<IdentityProvider, "claims">, claims: Claims): NewNames | undefined {
  const name = userName.safeParse(claimOf(claims, names.userName));
  if (!name.success) return undefined;
  const { displayName, email } = newUser.shape;
  const shown = displayName.safeParse(claimOf(claims, names.displayName)).data;
  const address = email.safeParse(claimOf(claims, names.email)).data;
  return {
    userName: name.data,
    ...(shown === undefined ? {} : { displayName: shown }),
    ...(address === undefined ? {} : { email: address }),
  };
}

/** Whether what is wanted of claims lacks something that the provider's UserInfo endpoint may tell. */
export function lacksClaims(
  { claims: names, groupsClaim, createsUsers }: Pick<IdentityProvider, "claims" | "groupsClaim" | "createsUsers">,
  claims: Claims,
): boolean {
  const wanted = [...(groupsClaim === undefined ? [] : [groupsClaim]), ...(createsUsers ? [names.userName] : [])];
  return wanted.some((name) => claimOf(claims, name) === undefined);
}
