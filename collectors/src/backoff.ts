const FIRST_MILLISECONDS = 500;
const MOST_MILLISECONDS = 30_000;

/** Wait before attempt `attempt + 1`: exponential, the upper half of it random, so that many collectors do not return at once. */
export function backoffMilliseconds(attempt: number, random: () => number): number {
  const most = Math.min(MOST_MILLISECONDS, FIRST_MILLISECONDS * 2 ** (attempt - 1));
  return Math.round(most / 2 + (most / 2) * random());
}

/** `Retry-After` in milliseconds from `now`: seconds or an HTTP date (RFC 9110 §10.2.3); undefined when absent or unreadable. */
export function retryAfterMilliseconds(header: string | null, now: Date): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}
