import { SESSION_COOKIE } from "@cadastre/contract/login";

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
    async send({ method, path, body, headers = {}, withoutCsrf = false }) {
      const isChange = method !== "GET";
      const response = await app.request(
        `${origin}${path}`,
        {
          method,
          headers: {
            "sec-fetch-site": "same-origin",
            ...(isChange ? { origin } : {}),
            ...(browser.cookie === undefined ? {} : { cookie: `${SESSION_COOKIE}=${browser.cookie}` }),
            ...(browser.csrf === undefined || withoutCsrf ? {} : { "x-csrf-token": browser.csrf }),
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        },
        from,
      );
      const [, given] = /^__Host-cadastre=([^;]*);/.exec(response.headers.get("set-cookie") ?? "") ?? [];
      if (given !== undefined) browser.cookie = given === "" ? undefined : given;
      if (response.headers.get("content-type") === "application/json") {
        const { csrf } = (await response.clone().json()) as { csrf?: string };
        browser.csrf = csrf ?? browser.csrf;
      }
      return response;
    },
  };
  return browser;
}
