import { ProblemError } from "@cadastre/contract/errors";
import { isCsrf } from "@cadastre/core/login/secret-text";

const refuse = (message: string) => new ProblemError("auth.csrf", message);

/** The host of an origin; undefined for `null` and whatever is none. */
function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}

/**
 * Refuses what a browser sends for another site's page: by Sec-Fetch-Site, which no page can change, and by Origin, which must be one of
 * `origins` (the configuration's, and the host that was asked). What sends neither is no browser. Throws 403 `auth.csrf`.
 */
export function requireSameOrigin({ headers, url }: Request, origins: readonly string[] = []): void {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") throw refuse("it comes from another site's page");
  const origin = headers.get("origin");
  if (origin === null || origins.includes(origin)) return;
  // Behind what ends TLS the scheme is another one; the host is what the browser asked for.
  if (hostOf(origin) !== new URL(url).host) throw refuse("it comes from a page of another origin");
}

/** Refuses a change by a session without the token that its pages have. Throws 403 `auth.csrf`. */
export function requireCsrf({ headers }: Request, sessionText: string): void {
  const given = headers.get("x-csrf-token");
  if (given === null) throw refuse("send x-csrf-token as the login, or GET /api/v1/me, has answered it");
  if (!isCsrf(given, sessionText)) throw refuse("x-csrf-token is not this session's");
}
