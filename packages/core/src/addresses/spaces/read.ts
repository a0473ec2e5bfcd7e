import { ProblemError } from "@cadastre/contract/errors";
import type { Stored } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { mayKnowOfSpace } from "../../restriction.ts";
import { AddressSpaceItem } from "./items.ts";

export type Reading = Pick<Context, "table" | "spaces">;

/** The same for what the caller may not know of and for what is not there. */
const notFound = (): ProblemError => new ProblemError("space.not_found");

/**
 * An address space, strongly consistent: one read unit for 4 KB. Throws 404 `space.not_found`, also for one that the caller may not know of. Each use
 * case below a space begins with it, with `enterSpace`, or with `whileHalted`.
 */
export async function requireSpace(context: Reading, id: string): Promise<Stored<AddressSpaceItem>> {
  if (!mayKnowOfSpace(context, id)) throw notFound();
  const stored = await context.table.get(AddressSpaceItem, { id }, { consistent: true });
  if (!stored) throw notFound();
  return stored;
}
