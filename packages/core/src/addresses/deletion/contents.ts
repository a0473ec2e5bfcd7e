import type { AnyEntity, ItemOf } from "@cadastre/store/entity";
import { remove, type SortRange, type Write } from "@cadastre/store/table";
import { DriftItem, driftPartition } from "../drift/items.ts";
import { RANGES, RangeIdItem, RangeItem } from "../ranges/items.ts";
import { AddressTagItem, addressTagsPartition } from "../tags/items.ts";
import {
  IpLengthsItem,
  IpPastItem,
  ObservedItem,
  observedPartition,
  PendingItem,
  pastPartition,
  pendingSort,
  spacePartition,
  WindowItem,
} from "../tree/items.ts";
import { VlanGroupItem, VlanIdItem, VlanItem, vlanGroupsPartition, vlansPartition } from "../vlans/items.ts";

/** Items of one sort that a space has, all in one partition. */
interface SpaceContent<E extends AnyEntity = AnyEntity> {
  /** How people count it, where they do. */
  readonly of?: string;
  readonly entity: E;
  readonly partition: (space: string) => string;
  readonly sort?: SortRange;
  /** What else goes with an item: what only leads to it, such as a name that it holds. */
  readonly besides?: (item: ItemOf<E>) => readonly Write[];
}

/** Writes at the most that go with one item. */
export const MOST_BESIDES = 2;

const content = <E extends AnyEntity>(of: SpaceContent<E>): SpaceContent => of as unknown as SpaceContent;

/** What a space has beside its prefixes, in the order in which it goes. Whatever else is kept in spaces has its line here. */
export const SPACE_CONTENTS: readonly SpaceContent[] = [
  content({ of: "observed blocks", entity: ObservedItem, partition: observedPartition }),
  content({ of: "drift", entity: DriftItem, partition: driftPartition }),
  content({
    of: "ranges",
    entity: RangeItem,
    partition: spacePartition,
    sort: { beginsWith: RANGES },
    besides: (item) => [remove(RangeIdItem, item)],
  }),
  content({ entity: PendingItem, partition: spacePartition, sort: { beginsWith: pendingSort("") } }),
  content({ entity: WindowItem, partition: spacePartition, sort: { beginsWith: "window#" } }),
  content({ entity: IpLengthsItem, partition: spacePartition, sort: { beginsWith: "lengths#" } }),
  content({ entity: IpPastItem, partition: pastPartition }),
  content({
    of: "VLANs",
    entity: VlanItem,
    partition: vlansPartition,
    besides: ({ id }) => [remove(VlanIdItem, { id })],
  }),
  content({ of: "groups of VLANs", entity: VlanGroupItem, partition: vlanGroupsPartition }),
  content({ of: "tags", entity: AddressTagItem, partition: addressTagsPartition }),
];
