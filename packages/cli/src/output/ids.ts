import { shortId } from "@cadastre/contract/kinds/kind";
import type { Resource } from "@cadastre/contract/view";
import type { Column } from "./table.ts";

/** AWS's own ids are short, and no two things of a kind have one: `i-0abc…`, `subnet-…`. Names of GCP come again in every project. */
const CLOUD_ID = /^[a-z]+-[0-9a-f]{8,17}$/;

/** What stands for a natural id where there is little room; undefined when nothing short does. */
export function handleOfId(id: string): string | undefined {
  const short = shortId(id);
  return CLOUD_ID.test(short) ? short : undefined;
}

/** What stands for a resource where there is little room. Every command that takes a resource takes it. */
export function handleOf({ id, key }: Pick<Resource, "id" | "key">): string {
  return handleOfId(id) ?? key;
}

/** A resource's id, as every list of resources shows it. */
export const ID_COLUMN: Column<Pick<Resource, "id" | "key">> = {
  title: "ID",
  value: (one) => one.id,
  short: handleOf,
  shape: "id",
};
