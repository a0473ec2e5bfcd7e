import * as z from "zod";
import { type Actor, type Context, PRINCIPAL_TYPES, principalOf } from "./context.ts";

/** Who asked for what a job does, as its state keeps it. */
export const askedBy = z.object({ type: z.enum(PRINCIPAL_TYPES), id: z.string(), name: z.string() });
export type AskedBy = z.output<typeof askedBy>;

/** What a job's state keeps of an actor. */
export const toAskedBy = ({ principal: { type, id, name } }: Actor): AskedBy => ({ type, id, name });

/** Who a job acts for, in what its run does. */
export function fromAskedBy({ organization }: Pick<Context, "organization">, of: AskedBy, run: string): Actor {
  return { principal: principalOf(of, organization), requestId: run };
}
