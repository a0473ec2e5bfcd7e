import { ProblemError } from "@cadastre/contract/errors";
import type { Context } from "../../context.ts";

const DAY_MS = 86_400_000;

/**
 * A time that was asked for, as times are stored. Throws 422 `request.invalid` for one that is to come, and for one from before what was is kept.
 */
export function requestedTime({ now, retentionDays }: Context, path: string, text: string): string {
  const time = Date.parse(text);
  const at = now().getTime();
  const refuse = (message: string) =>
    new ProblemError("request.invalid", `${path}: ${message}`, { errors: [{ path, message }] });
  if (time > at) throw refuse("this time is to come");
  const earliest = at - retentionDays * DAY_MS;
  if (time < earliest)
    throw refuse(`what was is kept for ${retentionDays} days: since ${new Date(earliest).toISOString()}`);
  return new Date(time).toISOString();
}
