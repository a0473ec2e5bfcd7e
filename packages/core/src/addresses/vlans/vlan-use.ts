import { ProblemError } from "@cadastre/contract/errors";
import { prefixKey } from "@cadastre/net/key";
import { parsePrefix } from "@cadastre/net/prefix";
import { create, remove, type Write } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { VlanIdItem, VlanUseItem } from "./items.ts";

interface OnVlan {
  readonly id: string;
  readonly prefix: string;
  readonly vlan?: string | undefined;
}

/** The writes that keep known which prefixes are on which VLAN, for the commit that makes, changes or removes a prefix: none where nothing changes. */
export function vlanUseWrites(space: string, before: OnVlan | undefined, after: OnVlan | undefined): Write[] {
  if (before?.vlan === after?.vlan && before?.prefix === after?.prefix) return [];
  const entryOf = ({ id, prefix, vlan }: OnVlan) =>
    vlan === undefined ? [] : [{ space, vlan, at: prefixKey(parsePrefix(prefix)), ip: id }];
  return [
    ...(after ? entryOf(after).map((entry) => create(VlanUseItem, entry)) : []),
    ...(before ? entryOf(before).map((entry) => remove(VlanUseItem, entry)) : []),
  ];
}

/** That a prefix can be on a VLAN: one of its own space. Reads nothing where it is on none. Throws 422 `request.invalid`. */
export async function requireVlanOf(
  { table }: Pick<Context, "table">,
  space: string,
  id: string | undefined,
): Promise<void> {
  if (id === undefined) return;
  const held = await table.get(VlanIdItem, { id }, { consistent: true });
  if (held?.space === space) return;
  const message = "the address space has no such VLAN";
  throw new ProblemError("request.invalid", `vlan: ${message}`, { errors: [{ path: "vlan", message }] });
}
