import { remove } from "@cadastre/store/table";
import * as z from "zod";
import { defineJob } from "../../jobs/define.ts";
import { END_RESERVATIONS } from "../job-heads.ts";
import { RESERVATION_ENDS_PARTITION, ReservationEndItem } from "../tree/items.ts";
import { settle } from "../tree/pending.ts";

const STEP_ENDS = 50;

/** Takes away what was reserved until a time that is over, of spaces that nobody asks for. */
export const endReservations = defineJob({
  ...END_RESERVATIONS,
  state: z.object({ ended: z.int().min(0) }),
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
