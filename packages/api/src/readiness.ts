import { ProblemError } from "@cadastre/contract/errors";

/** Anyone may ask, also many times a second, and each answer costs a read of the table and a call of the key's service. */
const REMEMBERED_MILLISECONDS = 30_000;

export type ReadyChecks = Readonly<Record<string, () => Promise<void>>>;

/**
 * Looks whether everything can be used: at most once in 30 seconds, and once for all who ask at the same time; good and bad news are
 * remembered alike. Answers the names of the checks, and throws 503 `service.unavailable` with the names of those that failed; the
 * reasons are for the log.
 */
export function createReadiness({ checks, now }: { readonly checks: ReadyChecks; readonly now: () => Date }) {
  let last: { readonly at: number; readonly answer: Promise<string[]> } | undefined;
  return function readiness(): Promise<string[]> {
    const at = now().getTime();
    const age = last === undefined ? undefined : at - last.at;
    // A clock that was set back makes nothing older than it is, and must not keep an answer for good.
    if (last === undefined || age === undefined || age < 0 || age >= REMEMBERED_MILLISECONDS) {
      last = { at, answer: look(checks) };
      // Whoever asks is told; nobody may.
      last.answer.catch(() => undefined);
    }
    return last.answer;
  };
}

async function look(checks: ReadyChecks): Promise<string[]> {
  const names = Object.keys(checks);
  const settled = await Promise.allSettled(names.map(async (name) => checks[name]?.()));
  const reasons = settled.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  if (reasons.length === 0) return names;
  const failed = names.filter((_, index) => settled[index]?.status === "rejected");
  throw new ProblemError("service.unavailable", `not ready: ${failed.join(", ")}`, {
    cause: reasons[0],
    extra: { failed },
  });
}
