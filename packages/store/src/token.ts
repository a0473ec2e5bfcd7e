import { digestOf } from "./body.ts";
import { TokenError } from "./errors.ts";
import { commitText, type Planned } from "./plan.ts";
import { complainOf, type Row } from "./row.ts";
import { rowSize } from "./size.ts";
import { freshVersion } from "./version.ts";

/** Place of the token's own write among the writes of a commit. */
export const TOKEN_INDEX = -1;
const TOKEN_TYPE = "commit-token";
const TOKEN_LIFE_SECONDS = 600;

/**
 * The write that remembers a token: an item with the digest of the commit, which must not be there yet. DynamoDB's own
 * ClientRequestToken cannot do this, because a condition on expiry carries the time and so a repeat is never the same request.
 */
export function planToken(token: string, planned: readonly Planned[], now: Date): Planned {
  const fields = { digest: digestOf(commitText(planned)) };
  const key = { pk: `${TOKEN_TYPE}/${digestOf(token)}`, sk: TOKEN_TYPE };
  const expires = Math.floor(now.getTime() / 1000) + TOKEN_LIFE_SECONDS;
  const base = { ...key, type: TOKEN_TYPE, version: freshVersion(), expires, entries: [], fields };
  const row = { ...base, body: JSON.stringify(fields), size: rowSize(base, complainOf(TOKEN_TYPE)) };
  return { act: "put", index: TOKEN_INDEX, op: "create", type: TOKEN_TYPE, key, row, condition: "free" };
}

/** Accepts a token that stands for the same writes. @throws TokenError */
export function refuseOtherUse(token: string, planned: readonly Planned[], stored: Row | undefined): void {
  if (stored?.fields.digest !== digestOf(commitText(planned))) throw new TokenError(token);
}
