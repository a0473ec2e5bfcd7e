import { AccountItem } from "@cadastre/core/accounts/items";
import { accountEntries } from "@cadastre/core/accounts/subject";
import type { Context } from "@cadastre/core/context";
import { CountItem, createCountSums } from "@cadastre/core/register/counts";
import { countedOf, indexedAs, resourceEntries } from "@cadastre/core/register/entries";
import { ResourceItem } from "@cadastre/core/register/items";
import { SaidItem } from "@cadastre/core/said/items";
import { IndexItem } from "@cadastre/core/subjects/items";
import { ownerEntries } from "@cadastre/core/subjects/keys";
import type { AnyEntity, ItemOf } from "@cadastre/store/entity";
import type { partOf } from "./tables.ts";

const textOf = ({ p, s }: { readonly p: string; readonly s: string }) => `${p}  ${s}`;

/** Sums by what is counted, without those that came to nothing. */
function sumsOf(counts: readonly (ItemOf<typeof CountItem> & { readonly n: number })[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { family, status, place, kind, whose, n } of counts) {
    const name = [family, status, place, kind, whose].join(" ");
    sums.set(name, (sums.get(name) ?? 0) + n);
  }
  return sums;
}

/**
 * What must hold of the items in the table themselves: the index has exactly what the resources say, and the counters say what a
 * count says. This is the one file of the simulation that knows how the register is stored. Of the index may be left what was
 * loaded for a resource that was then never made so: by whoever was killed, overtaken or too late between the two.
 */
export async function judgeTable(
  context: Context,
  { written, made }: Pick<ReturnType<typeof partOf>, "written" | "made">,
): Promise<string[]> {
  async function all<E extends AnyEntity>(entity: E): Promise<ItemOf<E>[]> {
    const keys = [...written.values()].filter((one) => one.entity.type === entity.type).map(({ key }) => key);
    const items = await context.table.getMany(entity, keys as never, { consistent: true });
    return items.flatMap((item) => (item === undefined ? [] : [item as ItemOf<E>]));
  }
  const resources = await all(ResourceItem);
  const byHash = new Map(resources.map((resource) => [resource.idHash, resource]));
  const said = (await all(SaidItem)).flatMap(({ subject: { key }, owner }) => {
    const resource = byHash.get(key);
    return resource === undefined ? [] : ownerEntries(indexedAs(resource), owner);
  });
  const wanted = [
    ...resources.flatMap((resource) => resourceEntries(resource)),
    ...(await all(AccountItem)).flatMap(accountEntries),
    ...said,
  ];
  const stored = new Set((await all(IndexItem)).map(textOf));
  const needed = new Set(wanted.map(textOf));
  const missing = [...needed].filter((entry) => !stored.has(entry));
  const everSo = made
    .filter(({ entity }) => entity.type === ResourceItem.type)
    .flatMap(({ item }) => resourceEntries(item as ResourceItem));
  const makings = Map.groupBy(everSo.map(textOf), (entry) => entry);
  const inIndex = [...written.values()].filter(({ entity }) => entity.type === IndexItem.type);
  // Loaded more often than it was made: somebody came too late, perhaps when it had been removed.
  const mayBeLeft = new Set(
    inIndex
      .map(({ key, loads }) => ({ entry: textOf(key as ItemOf<typeof IndexItem>), loads }))
      .filter(({ entry, loads }) => loads > (makings.get(entry)?.length ?? 0))
      .map(({ entry }) => entry),
  );
  const committed = inIndex.filter(({ isCommitted }) => isCommitted);
  const known = [...makings.keys(), ...committed.map(({ key }) => textOf(key as ItemOf<typeof IndexItem>))];
  const left = new Set(known.filter((entry) => stored.has(entry) && !needed.has(entry) && !mayBeLeft.has(entry)));
  const counted = sumsOf(await all(CountItem));
  const sums = createCountSums();
  for (const resource of resources) sums.add({ after: countedOf(resource) });
  const recounted = sumsOf(
    sums
      .writes()
      .flatMap((write) =>
        write.op === "increment" ? [{ ...(write.key as ItemOf<typeof CountItem>), n: write.by }] : [],
      ),
  );
  const wrong = [...new Set([...counted.keys(), ...recounted.keys()])].filter(
    (name) => (counted.get(name) ?? 0) !== (recounted.get(name) ?? 0),
  );
  return [
    ...missing.map((entry) => `table: the index lacks ${entry}`),
    ...[...left].map((entry) => `table: the index still has ${entry}`),
    ...wrong.map(
      (name) => `table: ${counted.get(name) ?? 0} are counted as ${name}, there are ${recounted.get(name) ?? 0}`,
    ),
  ];
}
