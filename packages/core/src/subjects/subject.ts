import type { KindName } from "@cadastre/contract/kinds/names";
import type { SubjectType } from "@cadastre/contract/subject";
import type { SortRange } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import type { IndexEntry } from "./items.ts";
import type { Standing, SubjectRef } from "./keys.ts";
import type { Facts } from "./match.ts";
import type { Field } from "./query.ts";
import type { Scope } from "./scope.ts";

/** One range of the index that proposes subjects. */
export interface IndexRange {
  readonly partition: string;
  readonly sort?: SortRange;
  /** Its place among the ranges of a plan, the same on every page; a page goes on at the first range that is not before this one. */
  readonly rank: string;
  /** Greatest sort key first. */
  readonly reverse?: true;
  /** It has a handful of entries at the most, so that many such are read at once. */
  readonly isPoint?: true;
  /** The kind of all that it proposes, where that is one. */
  readonly kind?: KindName;
  /** It proposes this subject, and nothing is read of the index. */
  readonly subject?: SubjectRef;
  /** Whether an entry can be what is asked for, by its sort key alone: what cannot is not read. */
  readonly accepts?: (sortKey: string) => boolean;
}

/** What of a subject is stored apart from it and read only where a search asks for it. */
export interface Needs {
  /** What people say. */
  readonly said: boolean;
  /** When it was last seen. */
  readonly seen: boolean;
  /** Whether its owner says so, by a collector that was not revoked. */
  readonly confirmed: boolean;
}

/** A type of thing that can be found: what it is found by, what is known of it, and how it is shown. */
export interface SubjectDefinition<Item, View> {
  readonly type: SubjectType;
  /** The fields that it has an answer to; a search that asks for another one does not find this type. */
  readonly answers: readonly Field[];
  /** Everything that it is found by. Pure: what is written and what is removed are differences of two of these lists. */
  readonly entries: (item: Item) => readonly IndexEntry[];
  /** The items of these keys with what is needed of them, undefined where there is none. */
  readonly read: (context: Context, keys: readonly string[], needs?: Needs) => Promise<readonly (Item | undefined)[]>;
  /** Whether the caller may know of it. */
  readonly isVisible: (context: Context, item: Item) => boolean;
  /** What a search compares. The index only proposes: this decides, so that a stale entry is never shown. */
  readonly facts: (item: Item) => Facts;
  /** Ranges that hold all of this type in a scope, for searches that no word, tag or address narrows. */
  readonly list: (context: Context, scope: Scope, standing: Standing) => Promise<readonly IndexRange[]>;
  /** Whether the caller may know of what has a key, where that alone tells: what it may not is then not read. */
  readonly mayKnow?: (context: Context, key: string) => boolean;
  /** Ranges of what is planned, for a caller that may know of a part: those that hold all of that part. */
  readonly narrowed?: (context: Context, range: IndexRange) => readonly IndexRange[];
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
