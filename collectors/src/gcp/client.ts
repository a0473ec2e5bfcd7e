import { AsyncLocalStorage } from "node:async_hooks";
import { type AuthClient, GoogleAuth, JWT } from "google-auth-library";
import { createDeadline } from "../deadline.ts";
import { retryAfterMilliseconds } from "../retry.ts";
import type { ComputeClient, ComputeClientOptions, ComputeService, GcpApi } from "./api.ts";
import { GcpCallError } from "./errors.ts";
import type { GcpAuth, GcpClientSettings, GcpServiceAccountKey } from "./options.ts";

/** Enough to list, and not to change anything. */
const SCOPES = [
  "https://www.googleapis.com/auth/compute.readonly",
  "https://www.googleapis.com/auth/cloud-platform.read-only",
];

/** Lists of what is global and aggregated ones: each of them takes returnPartialSuccess. */
const LISTS = /\/compute\/[^/]+\/projects\/[^/]+\/(?:aggregated|global)\/\w+$/;

/** A call's promise; its result is the first resources, the next request and the answer as it came, or the answer alone. */
type InnerCall = (
  request: object,
  options: object,
) => Promise<readonly [unknown, unknown?, unknown?]> & { cancel(): void };

/**
 * Google's own clients of these services behind one narrow interface: errors are GcpCallErrors, a call ends when its signal is
 * aborted, nothing is retried. Rejects with a GcpCallError when the credentials cannot be found or read.
 */
export async function createGcpApi(
  settings: GcpClientSettings & {
    readonly services: readonly ComputeService[];
    readonly auth: GcpAuth;
    readonly now: () => Date;
  },
): Promise<GcpApi> {
  const asked = new AsyncLocalStorage<{ retryAfter?: string | null }>();
  const authClient = await authenticate(settings.auth).catch((error: unknown) => {
    throw new GcpCallError(error);
  });
  sendPartialSuccess(authClient);
  keepRetryAfter(authClient, (value) => {
    const store = asked.getStore();
    if (store) store.retryAfter = value;
  });
  const options: ComputeClientOptions = { authClient, ...settings.endpoints.compute };
  const clients = new Map(
    settings.services.map((Service): [ComputeService, ComputeClient] => [Service, new Service(options)]),
  );

  /**
   * Runs one attempt with its own time limit, and says with its error how long the server asked to wait: the libraries' errors
   * drop the header. Their own time limits are not used: each is a timer that holds the answer until it is over.
   */
  async function answered<T>(signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const store: { retryAfter?: string | null } = {};
    const attempt = createDeadline({ signal, milliseconds: settings.requestTimeoutMilliseconds });
    try {
      return await attempt.race(asked.run(store, () => call(attempt.signal)));
    } catch (error) {
      throw new GcpCallError(error, retryAfterMilliseconds(store.retryAfter ?? null, settings.now()));
    } finally {
      attempt.end();
    }
  }

  return {
    compute: (service, method, request, signal) =>
      answered(signal, async (until) => {
        const client = clients.get(service);
        if (!client) throw new Error("the API was made without this service");
        await client.initialize();
        until.throwIfAborted();
        const call = client.innerApiCalls[method] as InnerCall;
        // The package would retry for up to ten minutes, whatever the scope's deadline is.
        const pending = call(request, { autoPaginate: false, retry: null, timeout: Number.POSITIVE_INFINITY });
        const cancel = () => pending.cancel();
        until.addEventListener("abort", cancel, { once: true });
        try {
          const [first, , raw] = await pending;
          // The pages' resources alone would hide warnings and what could not be reached.
          return method === "get" ? first : raw;
        } finally {
          until.removeEventListener("abort", cancel);
        }
      }),
    resourceManager: (path, params, signal) =>
      answered(signal, async (until) => {
        const url = `${settings.endpoints.resourceManager}/v3/${path}`;
        const { data } = await authClient.request<unknown>({ url, params, signal: until, retry: false });
        return data;
      }),
    close: async () => {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}

/** A service account's key signs its own tokens (https://google.aip.dev/auth/4111), so that no other service is asked for one. */
async function authenticate(auth: GcpAuth): Promise<AuthClient> {
  const found =
    "serviceAccountKey" in auth ? ownKey(auth.serviceAccountKey) : await new GoogleAuth({ scopes: SCOPES }).getClient();
  if (found instanceof JWT) found.useJWTAccessWithScope = true;
  return found;
}

function ownKey({ client_email, private_key, private_key_id }: GcpServiceAccountKey): JWT {
  const keyId = private_key_id === undefined ? {} : { keyId: private_key_id };
  return new JWT({ email: client_email, key: private_key, scopes: SCOPES, ...keyId });
}

/**
 * Without this parameter one zone that cannot be reached fails the list of the whole project. Version 1 of the client does not
 * know it and drops it from requests, so it is added on their way out.
 */
function sendPartialSuccess(client: AuthClient): void {
  client.transporter.interceptors.request.add({
    resolved: async (request) => {
      if (LISTS.test(request.url.pathname)) request.url.searchParams.set("returnPartialSuccess", "true");
      return request;
    },
  });
}

function keepRetryAfter(client: AuthClient, keep: (value: string | null) => void): void {
  client.transporter.interceptors.response.add({
    resolved: async (response) => {
      keep(response.headers.get("retry-after"));
      return response;
    },
    rejected: (error) => {
      keep(error.response?.headers.get("retry-after") ?? null);
      throw error;
    },
  });
}
