import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { type Context, systemActor } from "../../context.ts";
import { createUser } from "../../directory/users.ts";
import type { Proved } from "./ask.ts";
import { newUserOf } from "./claims.ts";
import { identityWrites } from "./identities.ts";
import { IdentityItem, type IdentityProviderItem, type Subject } from "./items.ts";

/** Whose an identity is, and its id. */
export interface KnownUser {
  readonly id: string;
  readonly identity: string;
}

async function knownBy({ table }: Pick<Context, "table">, of: Subject): Promise<KnownUser | undefined> {
  const stored = await table.get(IdentityItem, of, { consistent: true });
  return stored && { id: stored.user, identity: stored.id };
}

/**
 * The user whose identity it is; one that is made where the provider is set so and nobody has it. A user name that is taken is another
 * person's, whatever the provider says: no user is taken over by a name or an address. Of two first logins at once one makes the user, by
 * the identity's key, and the other finds it. Throws 403 `login.unknown`, 409 `user.name_taken`, each with what to do. Writes a new user with its
 * identity and one audit record.
 */
export async function userOf(
  context: Context,
  provider: IdentityProviderItem,
  { subject, claims }: Proved,
  { requestId }: { readonly requestId: string },
): Promise<{ readonly user: KnownUser }> {
  const { issuer, name } = provider;
  const of = { issuer, subject };
  const known = await knownBy(context, of);
  if (known) return { user: known };
  const ask = `ask an admin to link the subject ${subject} of ${name} (${provider.id}) to your user`;
  if (!provider.createsUsers)
    throw new ProblemError("login.unknown", `${name} knows you, and nobody here does: ${ask}`);
  const names = newUserOf(provider, claims);
  if (!names)
    throw new ProblemError(
      "login.unknown",
      `${name} does not say what you are called (the claim ${provider.claims.userName}), so no user can be made: ${ask}`,
    );
  const identity = newId("identity", context.now());
  const createdBy = provider.id;
  try {
    await createUser(context, systemActor(requestId), names, {
      also: async (user) => identityWrites(context, { ...of, user, id: identity, createdBy }),
      detail: { identity, provider: provider.id, issuer, subject },
    });
  } catch (error) {
    const isLost = error instanceof ProblemError && ["user.name_taken", "request.conflict"].includes(error.code);
    const winner = isLost ? await knownBy(context, of) : undefined;
    if (winner) return { user: winner };
    if (!(error instanceof ProblemError) || error.code !== "user.name_taken") throw error;
    throw new ProblemError(
      "user.name_taken",
      `a user ${JSON.stringify(names.userName)} is here who does not log in by ${name}. If that is you, log in as before and add the identity; else ${ask}`,
      { cause: error },
    );
  }
  const made = await knownBy(context, of);
  if (!made) throw new ProblemError("auth.invalid", "the identity was taken away: begin again");
  return { user: made };
}
