import { type Context, inOrganization } from "../context.ts";
import { organizationIds } from "./organizations.ts";

const MINUTE = 60_000;

/**
 * Does something for each organization, one after the other, each with its own context. Another one comes first every minute, so that none has
 * to wait for ever behind one with much to do. What fails for one is thrown when all had their turn. Reads the list of organizations.
 */
export async function eachOrganization<Some extends Pick<Context, "table" | "organization" | "now">>(
  context: Some,
  work: (own: Some) => Promise<void>,
): Promise<void> {
  const ids = await organizationIds(context);
  const first = Math.floor(context.now().getTime() / MINUTE) % ids.length;
  const failures: unknown[] = [];
  for (const id of [...ids.slice(first), ...ids.slice(0, first)]) {
    try {
      await work(inOrganization(context, id));
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, `${failures.length} of ${ids.length} organizations`);
}
