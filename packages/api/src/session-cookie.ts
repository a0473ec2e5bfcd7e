import { SESSION_COOKIE } from "@cadastre/contract/login";
import { LOGIN_COOKIE } from "@cadastre/contract/oidc";

/*
 * The session's cookie. The prefix binds it to this host, to all of its paths, and to secure connections
 * (RFC 6265bis §4.1.3.2), so that no other host or page can set one for us. On a laptop, over plain HTTP to a loopback address, Chromium and
 * Firefox count the connection as secure and keep it; Safari does not: there one logs in over HTTPS, or uses a token.
 */

/** SameSite=Strict: pages of ours are shells that fetch what they show, so no link from elsewhere needs it. */
const ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict";

/** The text of a cookie; undefined without one, and when there are several: then somebody else has set one of them. */
function readCookie(header: string | null, name: string): string | undefined {
  const values = (header ?? "")
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`))
    .map((part) => part.slice(name.length + 1));
  return values.length === 1 ? values[0] : undefined;
}

/** The text of the session's cookie. */
export const readSessionCookie = (header: string | null): string | undefined => readCookie(header, SESSION_COOKIE);

/** The header that gives a browser a session; it ends with the browser, or when the server says so. */
export const setSessionCookie = (text: string): string => `${SESSION_COOKIE}=${text}; ${ATTRIBUTES}`;

/** The header that has a browser forget it. */
export const forgetSessionCookie = (): string => `${SESSION_COOKIE}=; ${ATTRIBUTES}; Max-Age=0`;

/*
 * The cookie of a login by an identity provider that is under way. Strict does for it, too: the provider sends the browser to a page of ours,
 * and that page sends the answer.
 */

/** The text of the cookie of a login that is under way. */
export const readLoginCookie = (header: string | null): string | undefined => readCookie(header, LOGIN_COOKIE);

/** The header that gives a browser a login to finish. */
export const setLoginCookie = (text: string): string => `${LOGIN_COOKIE}=${text}; ${ATTRIBUTES}`;

/** The header that has a browser forget it. */
export const forgetLoginCookie = (): string => `${LOGIN_COOKIE}=; ${ATTRIBUTES}; Max-Age=0`;
