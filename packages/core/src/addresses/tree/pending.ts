import type { Context } from "../../context.ts";
import { carryOutPending } from "./carry-out.ts";
import { endReservation } from "./end-reservation.ts";

/**
 * Carries out what was decided in a space and is not done yet, whoever decided it and died or is slower, and takes away the reservations that
 * have ended. One query that finds nothing in the usual case. Whoever reads or changes prefixes does so after this, so that nobody finds a
 * half of what was made at once, or what is over.
 */
export async function settle(context: Context, space: string): Promise<void> {
  for (const ended of await carryOutPending(context, space)) await endReservation(context, ended);
}
