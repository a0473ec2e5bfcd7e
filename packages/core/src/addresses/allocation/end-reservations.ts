import { remove } from "@cadastre/store/table";
import * as z from "zod";
import { defineJob } from "../../jobs/define.ts";
import { RESERVATION_ENDS_PARTITION, ReservationEndItem } from "../tree/items.ts";
import { settle } from "../tree/pending.ts";

const STEP_ENDS = 50;

/** Takes away what was reserved until a time that is over, of spaces that nobody asks for. */
export const endReservations = defineJob({
  name: "end-reservations",
  about: "Takes reservations away that have ended; without it they go when somebody next asks for their address space",
  schedule: "* * * * *",
  isFrequent: true,
  initial: { ended: 0 },
  state: z.object({ ended: z.int().min(0) }),
  leaseSeconds: 60,
  async step(context, { state, guard }) {
    const { items } = await context.table.query(ReservationEndItem, {
      partition: RESERVATION_ENDS_PARTITION,
      sort: { before: `${context.now().toISOString()}~` },
      limit: STEP_ENDS,
      consistent: true,
    });
    for (const space of new Set(items.map((item) => item.space))) await settle(context, space);
    if (items.length > 0) await context.table.commit([guard, ...items.map((item) => remove(ReservationEndItem, item))]);
    const ended = state.ended + items.length;
    return { state: { ended }, progress: { done: ended, unit: "reservations" }, done: items.length < STEP_ENDS };
  },
});
