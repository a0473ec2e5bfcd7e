import { newId } from "@cadastre/contract/ids";
import { type Actor, type Context, principalOf } from "../../context.ts";

/** The service in what it does of its own accord in an organization. */
export function serviceItself({ organization, now }: Pick<Context, "organization" | "now">): Actor {
  return { principal: principalOf({ type: "system", id: "system" }, organization), requestId: newId("request", now()) };
}
