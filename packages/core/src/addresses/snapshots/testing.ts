import { check } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { AddressSpaceItem } from "../spaces/items.ts";
import { takeSnapshots } from "./take.ts";

/** For tests: all steps of a run. Answers how many prefixes were looked at, and how many steps that took. */
export async function takeAll(context: Context): Promise<{ taken: number; steps: number }> {
  const guard = check(AddressSpaceItem, { id: "" }, "absent");
  let state = takeSnapshots.initial;
  for (let steps = 1; ; steps++) {
    const result = await takeSnapshots.advance(context, { id: "run_1", state, guard });
    state = result.state;
    if (result.done) return { taken: result.progress.done, steps };
  }
}
