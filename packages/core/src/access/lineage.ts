import type { Context } from "../context.ts";
import { TokenItem } from "./items.ts";

const TOKEN = "token:";

/** A token is made by a person or by another token; no honest chain is this long. */
const MOST_ANCESTORS = 32;

/**
 * The token that an actor is and those that it was made with, up to the first that an admin has: what an admin makes is for
 * others, what anybody else makes is still that one's own. As actors are named; an actor that is no token is alone.
 */
async function lineOf({ table }: Context, actor: string): Promise<string[]> {
  const line = [actor];
  if (!actor.startsWith(TOKEN)) return line;
  const read = (id: string) => table.get(TokenItem, { id }, { consistent: true });
  let token = await read(actor.slice(TOKEN.length));
  while (token?.parent !== undefined && line.length <= MOST_ANCESTORS) {
    token = await read(token.parent);
    if (token === undefined || token.scopes.includes("admin")) break;
    line.push(`${TOKEN}${token.id}`);
  }
  return line;
}

/** Whether two actors, by their names, are one and the same: a token, one that it made, or another one that it made. */
export async function isSameHand(context: Context, one: string, other: string): Promise<boolean> {
  if (one === other) return true;
  const [ones, others] = await Promise.all([lineOf(context, one), lineOf(context, other)]);
  return ones.some((name) => others.includes(name));
}
