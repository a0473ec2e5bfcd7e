import type { ChangeEntry } from "@cadastre/contract/changes";
import { parsePrefix, tryParsePrefix } from "@cadastre/net/prefix";
import type { Context } from "../../context.ts";
import type { Consumer } from "../../feed/consumer.ts";
import { findResources } from "../../register/search.ts";
import { toExactPattern } from "../../subjects/pattern.ts";
import { allOf, type Term } from "../../subjects/query.ts";
import { IpIdItem, IpItem } from "../tree/items.ts";
import { queryAll } from "../tree/query-all.ts";
import { AWAITED, AwaitedItem, awaitedPartition } from "./items.ts";
import { reconcilePrefix, reconcileResource } from "./reconcile.ts";
import { readSeenWithin } from "./seen.ts";

const PAGE = 100;

/** Keys of the subnets that the register has of a network. */
async function* subnetsOf(context: Context, network: string): AsyncGenerator<string> {
  const kind: Term = { type: "term", field: "kind", any: ["subnet"] };
  const status: Term = { type: "term", field: "status", any: ["active"] };
  const of: Term = { type: "term", field: "network", any: [toExactPattern(network)] };
  let cursor: string | undefined;
  do {
    const page = await findResources(context, { text: "", tree: allOf(kind, status, of) }, { limit: PAGE, cursor });
    for (const { key } of page.items) yield key.slice("res_".length);
    cursor = page.cursor;
  } while (cursor !== undefined);
}

async function followResource(context: Context, { kind, subject }: ChangeEntry): Promise<void> {
  await reconcileResource(context, subject.key.slice("res_".length));
  // Whether its subnets are of a default network, and whether they can be taken over, follows from it.
  if (kind === "network") for await (const key of subnetsOf(context, subject.id)) await reconcileResource(context, key);
}

/** Where a planned prefix is, or was before this change. */
async function placesOf({ table }: Context, { subject, changes }: ChangeEntry) {
  const place = await table.get(IpIdItem, { id: subject.key }, { consistent: true });
  const before = (path: string) => changes.find((one) => one.path === path)?.before;
  const space = place?.space ?? before("space");
  const prefixes = [place?.prefix, subject.id, before("prefix")].filter((one) => typeof one === "string");
  const item = place && (await table.get(IpItem, place, { consistent: true }));
  // What stands for a network says of what is inside it whose it is.
  const isNetwork = item?.externalId !== undefined || before("externalId") !== undefined;
  return { space, isNetwork, prefixes: [...new Set(prefixes)].filter((one) => tryParsePrefix(one) !== undefined) };
}

async function followIp(context: Context, change: ChangeEntry): Promise<void> {
  const { space, isNetwork, prefixes } = await placesOf(context, change);
  if (typeof space !== "string") return;
  for (const prefix of prefixes) {
    await reconcilePrefix(context, space, prefix);
    const inside = isNetwork ? await readSeenWithin(context.table, space, parsePrefix(prefix)) : [];
    for (const one of new Set(inside.map((seen) => seen.prefix))) {
      if (one !== prefix) await reconcilePrefix(context, space, one);
    }
  }
  const awaiting = await queryAll(context.table, AwaitedItem, {
    partition: awaitedPartition(change.subject.key),
    sort: { beginsWith: AWAITED },
    consistent: true,
  });
  for (const { resource } of awaiting) await reconcileResource(context, resource);
}

/**
 * Follows what networks and subnets become, and what is planned: both are brought together in the spaces that they are in. It decides by what is
 * stored and not by what it is told, so that it may be told of a change again, late, and beside others.
 */
export const spacesConsumer: Consumer = {
  name: "address-spaces",
  about:
    "Keeps what the clouds have in the address spaces that it belongs to, linked with what is planned there, and finds drift",
  async handle(change, context) {
    const { subject, kind } = change;
    if (subject.type === "resource" && (kind === "network" || kind === "subnet")) await followResource(context, change);
    if (subject.type === "ip") await followIp(context, change);
  },
};
