import { hash } from "node:crypto";
import { prefixKey } from "@cadastre/net/key";
import { parsePrefix } from "@cadastre/net/prefix";
import { create, remove, type Write } from "@cadastre/store/table";
import { TAG_USE_SLOTS, TagUseItem } from "./items.ts";

/** A prefix of a space with its own tags. */
export interface TaggedIp {
  readonly id: string;
  readonly prefix: string;
  readonly tags: Readonly<Record<string, string>>;
}

const slotOf = (id: string): number => Number.parseInt(hash("sha256", id).slice(0, 8), 16) % TAG_USE_SLOTS;

/**
 * The writes that keep known which prefixes have which tags of their own, for the commit that makes (`before` absent), changes, or removes (`after` absent)
 * a prefix: two write units for each tag that is new or gone or has another value, and none where nothing has changed. Of a prefix that becomes another
 * one all of its tags are written anew.
 */
export function tagUseWrites(space: string, before: TaggedIp | undefined, after: TaggedIp | undefined): Write[] {
  const entriesOf = ({ id, prefix, tags }: TaggedIp) => {
    const at = prefixKey(parsePrefix(prefix));
    return Object.entries(tags).map(([tag, value]) => ({ space, tag, slot: slotOf(id), value, at, ip: id }));
  };
  const key = (entry: ReturnType<typeof entriesOf>[number]) => JSON.stringify([entry.tag, entry.value, entry.at]);
  const [had, has] = [before ? entriesOf(before) : [], after ? entriesOf(after) : []];
  const [stood, stands] = [new Set(had.map(key)), new Set(has.map(key))];
  return [
    ...has.filter((entry) => !stood.has(key(entry))).map((entry) => create(TagUseItem, entry)),
    ...had.filter((entry) => !stands.has(key(entry))).map((entry) => remove(TagUseItem, entry)),
  ];
}
