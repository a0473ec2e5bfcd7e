import { PROVIDERS, type Provider, provider } from "@cadastre/contract/scope";
import { defineEntity } from "@cadastre/store/entity";
import { increment, type Write } from "@cadastre/store/table";
import * as z from "zod";
import type { Context } from "../context.ts";

/** One count is the sum of this many items, so that sources that report for the first time do not all wait for one. */
const SLOTS = 4;

export const ScopeCountItem = defineEntity({
  type: "scope-count",
  about:
    "How many scopes of a provider some run was ever completed for; changed in the commit that settles the first one, and in that which forgets one",
  schema: z.object({ provider, slot: z.int(), n: z.int() }),
  key: {
    partition: () => "scope-counts",
    sort: (of: { provider: Provider; slot: number }) => `${of.provider}/${of.slot}`,
  },
});

const slotOf = (source: string): number =>
  [...source].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0) % SLOTS;

/** The writes that count scopes of a source, by their names: those of which the first run is now completed, without those that go. */
export function countScopes(
  source: string,
  { appeared, gone }: { readonly appeared: readonly string[]; readonly gone: readonly string[] },
): Write[] {
  const slot = slotOf(source);
  return PROVIDERS.flatMap((one) => {
    const of = (names: readonly string[]) => names.filter((name) => name.startsWith(`${one}/`)).length;
    const n = of(appeared) - of(gone);
    return n === 0 ? [] : [increment(ScopeCountItem, { provider: one, slot }, "n", n)];
  });
}

/** How many scopes there are, of a provider or in all. Costs half a unit. */
export async function readScopeCount({ table }: Context, of: Provider | undefined): Promise<number> {
  const sort = of === undefined ? {} : { sort: { beginsWith: `${of}/` } };
  const { items } = await table.query(ScopeCountItem, { partition: "scope-counts", ...sort });
  return items.reduce((sum, { n }) => sum + n, 0);
}
