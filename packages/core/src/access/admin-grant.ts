import type { NewToken } from "@cadastre/contract/token";

/** What the first admin token has, and one that is recovered: whatever is made with that can do no more and lives no longer. */
export const ADMIN_GRANT: Pick<NewToken, "scopes"> & { readonly expiresInSeconds: number } = {
  scopes: ["admin", "credentials:reveal"],
  expiresInSeconds: 366 * 86_400,
};
