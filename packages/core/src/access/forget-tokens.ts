import { firstIdAt } from "@cadastre/contract/ids";
import { remove } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import type { Forget, Forgotten } from "../jobs/forget.ts";
import { TOKENS_PARTITION, TokenChildItem, TokenItem, TokenListItem } from "./items.ts";

const AT_ONCE = 32;

/** Removes tokens that ended or were revoked before a time, up to 32 of them in one commit. Repeated, it finds fewer. */
export async function forgetTokens(context: Context, { endedBefore, after, guard }: Forget): Promise<Forgotten> {
  const { table } = context;
  const sort = { ...(after === undefined ? {} : { after }), before: firstIdAt("token", endedBefore) };
  const page = await table.query(TokenListItem, {
    partition: TOKENS_PARTITION,
    sort,
    limit: AT_ONCE,
    consistent: true,
  });
  const tokens = await table.getMany(TokenItem, page.items, { consistent: true });
  const gone = tokens.filter((token) => token && (token.revokedAt ?? token.expiresAt) < endedBefore.toISOString());
  const writes = gone.flatMap((token) =>
    token
      ? [
          remove(TokenItem, token, token.version),
          remove(TokenListItem, token),
          ...(token.parent === undefined ? [] : [remove(TokenChildItem, { parent: token.parent, id: token.id })]),
        ]
      : [],
  );
  if (writes.length > 0) await table.commit([guard, ...writes]);
  const next = page.cursor === undefined ? undefined : page.items.at(-1)?.id;
  return { removed: gone.length, ...(next === undefined ? {} : { next }) };
}
