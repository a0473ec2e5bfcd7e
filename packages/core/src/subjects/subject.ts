import type { SubjectType } from "@cadastre/contract/subject";
import type { SortRange } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import type { Filters } from "./filters.ts";
import type { IndexEntry } from "./items.ts";
import type { Standing } from "./keys.ts";

/** One range of the index that proposes subjects. */
export interface IndexRange {
  readonly partition: string;
  readonly sort?: SortRange;
  /** Its place among the ranges of a plan; a page goes on at the first range that is not before this one. */
  readonly rank: string;
}

type FilterName = keyof Filters;

/** A type of thing that can be found: what it is found by, whether it is what was asked for, and how it is shown. */
export interface SubjectDefinition<Item, View> {
  readonly type: SubjectType;
  /** The filters that it has an answer to; a search with another one does not find this type. */
  readonly filters: readonly FilterName[];
  /** Everything that it is found by. Pure: what is written and what is removed are differences of two of these lists. */
  readonly entries: (item: Item) => readonly IndexEntry[];
  /** The items of these keys with what the filters ask of them, undefined where there is none. */
  readonly read: (
    context: Context,
    keys: readonly string[],
    filters?: Filters,
  ) => Promise<readonly (Item | undefined)[]>;
  /** Whether the caller may know of it. */
  readonly isVisible: (context: Context, item: Item) => boolean;
  /** Whether it is what is asked for. The index only proposes: this decides, so that a stale entry is never shown. */
  readonly matches: (item: Item, filters: Filters) => boolean;
  /** Ranges that hold all of this type that the filters can find, for searches that no word, tag or address narrows. */
  readonly list: (context: Context, filters: Filters, standing: Standing) => Promise<readonly IndexRange[]>;
  /** The keys that a text names as a whole, such as a natural id. */
  readonly named: (text: string) => readonly string[];
  /** Ranges that hold all of this type that stand in a relation to what a text names. */
  readonly referring?: (context: Context, text: string, standing: Standing) => Promise<readonly IndexRange[]>;
  readonly view: (context: Context, items: readonly Item[]) => Promise<readonly View[]>;
}

export function defineSubject<Item, View>(definition: SubjectDefinition<Item, View>): SubjectDefinition<Item, View> {
  return definition;
}

// biome-ignore lint/suspicious/noExplicitAny: a subject of any item, as the search sees it.
export type AnySubject<View = unknown> = SubjectDefinition<any, View>;

/** The same subject, whose views carry their type. */
export function typed<Type extends SubjectType, Item, View extends object>(
  type: Type,
  subject: SubjectDefinition<Item, View>,
): SubjectDefinition<Item, View & { readonly type: Type }> {
  const view = async (context: Context, items: readonly Item[]) =>
    (await subject.view(context, items)).map((one) => ({ ...one, type }));
  return { ...subject, view };
}
