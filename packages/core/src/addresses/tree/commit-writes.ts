import { ProblemError } from "@cadastre/contract/errors";
import { check, type Stored, type Write } from "@cadastre/store/table";
import { type Edit, MOST_WRITES } from "./edit.ts";
import { IpItem } from "./items.ts";
import type { Parent } from "./window.ts";

/**
 * The writes of windows, and that a parent whose window is made is there: of one that was there before, the version of the window says it.
 * Throws 409 `ip.too_much_inside` when with `besides` others they do not fit one commit.
 */
export function windowWrites(
  edit: Edit,
  parent: Parent,
  containing: readonly Stored<IpItem>[],
  besides: number,
): Write[] {
  const [stored] = containing;
  const isThere = stored && edit.makesWindowsOf(parent) ? [check(IpItem, stored, "present")] : [];
  return fitWrites([...edit.writes(besides + isThere.length), ...isThere], besides);
}

/** Writes of windows that with `besides` others fit one commit. Throws 409 `ip.too_much_inside`. */
export function fitWrites(writes: Write[], besides: number): Write[] {
  if (writes.length + besides <= MOST_WRITES) return writes;
  throw new ProblemError(
    "ip.too_much_inside",
    `${writes.length} parts of address space change with it, more than one step takes; make or remove what is inside it first, from the smallest`,
  );
}
