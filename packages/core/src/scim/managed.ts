import type { Context } from "../context.ts";
import { ScimResourceItem } from "./items.ts";

/** Whether a SCIM source says who is in a group: nobody else then puts anybody into it. One read unit. */
export async function isManagedGroup({ table }: Pick<Context, "table">, group: string): Promise<boolean> {
  return (await table.get(ScimResourceItem, { id: group }, { consistent: true })) !== undefined;
}
