import { SESSION_COOKIE } from "@cadastre/contract/login";
import { LOGIN_COOKIE } from "@cadastre/contract/oidc";

export interface BrowserRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Without the token of our own page. */
  readonly withoutCsrf?: boolean;
}

/** Sends as a page of ours does: with the cookie, the token, and what a browser says of where the page is from. */
export interface Browser {
  cookie: string | undefined;
  csrf: string | undefined;
  /** Of a login by an identity provider that is under way. */
  login: string | undefined;
  readonly send: (request: BrowserRequest) => Promise<Response>;
}

interface App {
  request(url: string, init: RequestInit, env?: object): Response | Promise<Response>;
}

/** A browser at our origin: it keeps the cookie that it is given, and the token of the last answer that had one. */
export function aBrowser(app: App, origin: string, from: object = { remoteAddress: "192.0.2.1" }): Browser {
  const browser: Browser = {
    cookie: undefined,
    csrf: undefined,
    login: undefined,
    async send({ method, path, body, headers = {}, withoutCsrf = false }) {
      const isChange = method !== "GET";
      const cookies = [
        ...(browser.cookie === undefined ? [] : [`${SESSION_COOKIE}=${browser.cookie}`]),
        ...(browser.login === undefined ? [] : [`${LOGIN_COOKIE}=${browser.login}`]),
      ];
      const response = await app.request(
        `${origin}${path}`,
        {
          method,
          headers: {
            "sec-fetch-site": "same-origin",
            ...(isChange ? { origin } : {}),
            ...(cookies.length === 0 ? {} : { cookie: cookies.join("; ") }),
            ...(browser.csrf === undefined || withoutCsrf ? {} : { "x-csrf-token": browser.csrf }),
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        },
        from,
      );
      for (const header of response.headers.getSetCookie()) {
        const [, name, given] = /^([^=]+)=([^;]*);/.exec(header) ?? [];
        const kept = given === "" ? undefined : given;
        if (name === SESSION_COOKIE) browser.cookie = kept;
        if (name === LOGIN_COOKIE) browser.login = kept;
      }
      if (response.headers.get("content-type") === "application/json") {
        const { csrf } = (await response.clone().json()) as { csrf?: string };
        browser.csrf = csrf ?? browser.csrf;
      }
      return response;
    },
  };
  return browser;
}
