import type { NewIp } from "@cadastre/contract/addresses/ip";
import { ProblemError } from "@cadastre/contract/errors";
import type { IpItem } from "./items.ts";

export type SaidOfIp = Omit<NewIp, "parentId">;

type Stored = Omit<IpItem, "id" | "space" | "source" | "createdOn" | "createdBy" | "modifiedOn" | "revision">;

const invalid = (path: string, message: string): ProblemError =>
  new ProblemError("request.invalid", `${path}: ${message}`, { errors: [{ path, message }] });

/** What is stored of what was said of a prefix. Throws 422 `request.invalid` for a reservation that is over. */
export function toStoredIp({ reserveUntil, ...said }: SaidOfIp, now: Date): Stored {
  if (reserveUntil === undefined) return said;
  const until = new Date(reserveUntil);
  if (until.getTime() <= now.getTime()) throw invalid("reserveUntil", "this time is over");
  return { ...said, status: "reserved", reserveUntil: until.toISOString() };
}

/** That a prefix is where it was said to be. Throws 422 `ip.parent_differs`, which names where it is. */
export function requireParent(
  given: string | null | undefined,
  containing: readonly Pick<IpItem, "id" | "prefix">[],
): void {
  const [parent] = containing;
  if (given === undefined || given === (parent?.id ?? null)) return;
  const where = parent === undefined ? "nothing contains it: parentId is null" : `${parent.id} (${parent.prefix}) does`;
  throw new ProblemError("ip.parent_differs", `parentId: ${where}`, {
    errors: [{ path: "parentId", message: where }],
    extra: { parentId: parent?.id ?? null },
  });
}

/** That a prefix is there already. */
export const existing = (item: Pick<IpItem, "prefix" | "id"> | undefined): ProblemError =>
  new ProblemError("ip.exists", `${item?.prefix} is planned already`, { extra: { id: item?.id } });
