import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Adapter, type AdapterPayload, type ClientMetadata, type Configuration, Provider } from "oidc-provider";

type Kept = Map<string, AdapterPayload>;

/** What a provider keeps of one kind, in memory. */
function keptIn(all: Kept, kind: string): Adapter {
  const keyOf = (id: string) => `${kind}:${id}`;
  const where = (member: "uid" | "userCode", value: string) =>
    [...all].find(([key, one]) => key.startsWith(`${kind}:`) && one[member] === value)?.[1];
  return {
    upsert: async (id, payload) => void all.set(keyOf(id), payload),
    find: async (id) => all.get(keyOf(id)),
    findByUid: async (uid) => where("uid", uid),
    findByUserCode: async (code) => where("userCode", code),
    async consume(id) {
      const kept = all.get(keyOf(id));
      if (kept) kept.consumed = Math.floor(Date.now() / 1000);
    },
    destroy: async (id) => void all.delete(keyOf(id)),
    async revokeByGrantId(grantId) {
      for (const [key, one] of all) if (one.grantId === grantId) all.delete(key);
    },
  };
}

/** Claims of people by the name that they log in with, which is their subject. */
export type People = Map<string, Readonly<Record<string, unknown>>>;

export interface OpenIdProvider {
  readonly issuer: string;
  readonly people: People;
  /** Makes a client known, with its secret and where it is answered. */
  addClient(client: ClientMetadata): void;
  close(): Promise<void>;
}

const SCOPES = { profile: ["name", "preferred_username"], email: ["email"], groups: ["groups"] };

/**
 * A real OpenID Connect provider on loopback, whose login page takes any name of `people`; consent is given. Its logout tokens are sent by
 * `fetch`, so that they reach an app that listens on no port.
 */
export async function anOpenIdProvider({ fetch }: { fetch?: Configuration["fetch"] } = {}): Promise<OpenIdProvider> {
  const people: People = new Map();
  const all: Kept = new Map();
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    adapter: (kind) => keptIn(all, kind),
    claims: SCOPES,
    scopes: ["openid", ...Object.keys(SCOPES)],
    cookies: { keys: ["a key for tests"] },
    ...(fetch === undefined ? {} : { fetch }),
    features: { backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    findAccount: (_, sub) => ({ accountId: sub, claims: async () => ({ ...people.get(sub), sub }) }),
    async loadExistingGrant({ oidc }) {
      const { client, session, params } = oidc;
      const grant = new oidc.provider.Grant({ clientId: client?.clientId ?? "", accountId: session?.accountId ?? "" });
      grant.addOIDCScope((params?.scope as string | undefined) ?? "openid");
      await grant.save();
      return grant;
    },
  });
  server.on("request", provider.callback());
  return {
    issuer,
    people,
    addClient(client) {
      all.set(`Client:${client.client_id}`, client as AdapterPayload);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A browser without pages at a provider: it keeps cookies, and fills in the form to log in. */
export function aVisitorOf(issuer: string) {
  const cookies = new Map<string, string>();
  async function ask(url: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { ...init, redirect: "manual", headers: { ...init.headers, cookie } });
    for (const given of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(given) ?? [];
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  }
  /** Follows a login to where the provider sends the browser back to, and answers that address. */
  async function logIn(url: string, name: string): Promise<URL> {
    let at = new URL(url);
    let response = await ask(at.href);
    while (at.origin === issuer) {
      const location = response.headers.get("location");
      if (location === null) {
        const text = await response.text();
        const [, action] = /<form[^>]* action="([^"]+)"/.exec(text) ?? [];
        if (action === undefined) throw new Error(`the provider answered ${response.status}: ${text.slice(0, 300)}`);
        at = new URL(action, at);
        const body = new URLSearchParams({ prompt: "login", login: name, password: "any" });
        response = await ask(at.href, { method: "POST", body });
        continue;
      }
      at = new URL(location, at);
      if (at.origin === issuer) response = await ask(at.href);
    }
    return at;
  }
  return { ask, logIn };
}
