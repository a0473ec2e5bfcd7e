import { ProblemError } from "@cadastre/contract/errors";
import { replace, type Stored, type Write } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { UserItem } from "../directory/items.ts";

/** A user of the context's organization, strongly consistent. Throws 404 `user.not_found`. */
export async function readUser({ table }: Pick<Context, "table">, id: string): Promise<Stored<UserItem>> {
  const stored = await table.get(UserItem, { id }, { consistent: true });
  if (!stored) throw new ProblemError("user.not_found");
  return stored;
}

/** The write that ends all sessions of a user that was read, in the commit that it is part of. Tokens stay. */
export const endSessionsWrite = ({ version, ...user }: Stored<UserItem>): Write =>
  replace(UserItem, { ...user, loginEpoch: (user.loginEpoch ?? 0) + 1 }, version);
