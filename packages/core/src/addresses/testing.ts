import { newSpace } from "@cadastre/contract/addresses/space";
import { anAdmin } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { createSpace } from "./spaces/spaces.ts";

/** For tests: the id of a new address space. */
export async function aSpace(context: Context, more: object = {}): Promise<string> {
  const input = newSpace.parse({ name: `space ${Math.random()}`, ...more });
  return (await createSpace(context, anAdmin, input, { requireMayClaim: async () => undefined })).id;
}
