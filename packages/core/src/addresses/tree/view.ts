import { type Ip, ip } from "@cadastre/contract/addresses/ip";
import { parsePrefix } from "@cadastre/net/prefix";
import type { Stored } from "@cadastre/store/table";
import type { TagDefinitions } from "../tags/definitions.ts";
import { resolveTags } from "../tags/resolve-tags.ts";
import type { IpItem } from "./items.ts";

/** A prefix as the API shows it, with what contains it, nearest first, and the tags that its space has. */
export function toIpView(
  item: Stored<IpItem>,
  containing: readonly Pick<IpItem, "id" | "prefix" | "tags">[],
  definitions: TagDefinitions,
): Ip {
  return ip.parse({
    ...item,
    family: parsePrefix(item.prefix).family,
    parentId: containing[0]?.id ?? null,
    resolvedTags: resolveTags(definitions, [item, ...containing]).tags,
  });
}

/** Whether it is there at a time: a reservation that has ended is not, whoever takes it away. */
export function isThere({ status, reserveUntil }: Pick<IpItem, "status" | "reserveUntil">, now: Date): boolean {
  return status !== "reserved" || reserveUntil === undefined || Date.parse(reserveUntil) > now.getTime();
}
