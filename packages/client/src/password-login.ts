import { auth } from "@cadastre/contract/endpoints/auth";
import { tokens } from "@cadastre/contract/endpoints/tokens";
import { loggedIn, me, SESSION_COOKIE } from "@cadastre/contract/login";
import { createdToken } from "@cadastre/contract/token";
import { type ClientOptions, createRequests } from "./request.ts";

export interface PasswordLogin extends Omit<ClientOptions, "token" | "organization"> {
  readonly userName: string;
  readonly password: string;
  readonly code?: string | undefined;
  readonly organization?: string | undefined;
  /** What the token is called, and how long it lives. */
  readonly token: { readonly name: string; readonly expiresInSeconds: number };
}

export type PasswordLoggedIn =
  | { readonly secret: string; readonly expiresAt: string }
  /** A second factor is due: by what it can be proved; by nothing where one has to be enrolled first. */
  | { readonly due: readonly string[] }
  /** It is right, and may do nothing: no token can be made of that. */
  | { readonly mayNothing: true };

/** The text of the cookie in an answer; undefined where it sets none. */
function cookieIn(response: Response): string | undefined {
  const set = response.headers.getSetCookie().find((one) => one.startsWith(`${SESSION_COOKIE}=`));
  return set?.split(";")[0];
}

/**
 * Exchanges a name and a password, and a code where one is due, for a token that may do what its user may, but for revealing secrets. The
 * session that it takes is ended again. Throws ApiError for what is refused.
 */
export async function exchangePassword(options: PasswordLogin): Promise<PasswordLoggedIn> {
  const { userName, password, code, organization, token, ...how } = options;
  const send = options.fetch ?? globalThis.fetch;
  let [cookie, csrf]: (string | undefined)[] = [];
  const withSession: typeof globalThis.fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.delete("authorization");
    if (cookie !== undefined) headers.set("cookie", cookie);
    if (csrf !== undefined) headers.set("x-csrf-token", csrf);
    const response = await send(input, { ...init, headers });
    cookie = cookieIn(response) ?? cookie;
    return response;
  };
  const { request } = createRequests({ ...how, token: "", fetch: withSession });
  const second = { ...(code === undefined ? {} : { code }), ...(organization === undefined ? {} : { organization }) };
  const answer = loggedIn.parse(await request(auth.login, { userName, password, ...second }));
  csrf = answer.csrf;
  try {
    if (answer.stepUpNeeded) return { due: answer.methods ?? [] };
    const { actions } = me.parse(await request(auth.me, {}));
    const scopes = actions.filter((action) => action !== "credentials:reveal");
    if (scopes.length === 0) return { mayNothing: true };
    const { secret, expiresAt } = createdToken.parse(await request(tokens.create, { ...token, scopes }));
    return { secret, expiresAt };
  } finally {
    await request(auth.logout, {});
  }
}
