import { performance } from "node:perf_hooks";
import { ProblemError } from "@cadastre/contract/errors";
import type { JWTVerifyGetKey } from "jose";
import type { Configuration, ServerMetadata } from "openid-client";
import { blockedUrl, type Outside, type Reach } from "../../limits/outside.ts";
import type { IdentityProviderItem } from "./items.ts";

/** The clock that counts, and how providers are asked. */
export interface ProviderPorts {
  readonly now: () => Date;
  readonly outside: Outside;
  readonly memory: ProviderMemory;
}

/** What is known of an issuer. */
interface Known {
  readonly metadata: ServerMetadata;
  /** Of the process's own clock, in milliseconds. */
  readonly at: number;
  /** The keys that ID tokens were signed with, as the library keeps them. */
  jwks?: Parameters<typeof import("openid-client").setJwksCache>[1] | undefined;
  /** The same for logout tokens. */
  keys?: JWTVerifyGetKey;
}
export type ProviderMemory = Map<string, Known>;

const MOST_KNOWN = 200;
const KNOWN_MILLISECONDS = 10 * 60 * 1000;
const TIMEOUT_SECONDS = 5;

/** What a process remembers of providers: of each issuer its document, for ten minutes, and its keys; of 200 at the most. */
export const createProviderMemory = (): ProviderMemory => new Map();

/** Loaded when somebody has to do with a provider: no other request needs it. */
export const library = () => import("openid-client");

/** 503 of a provider that cannot be asked, or answers nonsense: nothing of its answer is told. */
export const unavailable = (provider: { readonly name: string }, cause: unknown): ProblemError =>
  new ProblemError("identity-provider.unavailable", `${provider.name} does not answer as it should; try again`, {
    cause,
  });

/** What a provider is asked at; those in the second list it need not have. */
const ENDPOINTS = ["authorization_endpoint", "token_endpoint", "jwks_uri"] as const;
const FURTHER = ["userinfo_endpoint", "end_session_endpoint"] as const;

/** What is wrong with a provider's document; undefined when it can be worked with. */
function faultOf(metadata: ServerMetadata, { issuer }: Pick<IdentityProviderItem, "issuer">, reach: Reach) {
  // To the letter, also where the library knows exceptions: one document for all tenants of a cloud would let in each of them.
  if (metadata.issuer !== issuer) return "its document is another issuer's";
  for (const name of [...ENDPOINTS, ...FURTHER]) {
    const text = metadata[name];
    if (text === undefined && (FURTHER as readonly string[]).includes(name)) continue;
    if (typeof text !== "string" || !URL.canParse(text)) return `its ${name} is no address`;
    const blocked = blockedUrl(new URL(text), reach);
    if (blocked !== undefined) return `its ${name} ${blocked}`;
  }
  return undefined;
}

const isFresh = ({ at }: Known): boolean => performance.now() - at < KNOWN_MILLISECONDS;

/** What is known of a provider's issuer, asked of it where that is not known or old. Throws 503 `identity-provider.unavailable`. */
export async function knownOf({ memory, outside }: ProviderPorts, provider: IdentityProviderItem): Promise<Known> {
  const { issuer } = provider;
  const known = memory.get(issuer);
  if (known && isFresh(known)) return known;
  const { allowInsecureRequests, customFetch, discovery } = await library();
  try {
    const config = await discovery(new URL(issuer), provider.clientId, undefined, undefined, {
      [customFetch]: outside.fetch,
      timeout: TIMEOUT_SECONDS,
      ...(isPlain(provider, outside) ? { execute: [allowInsecureRequests] } : {}),
    });
    const metadata = config.serverMetadata();
    const fault = faultOf(metadata, provider, outside);
    if (fault !== undefined) throw new TypeError(fault);
    const next: Known = { metadata: { ...metadata }, at: performance.now() };
    memory.delete(issuer);
    memory.set(issuer, next);
    for (const oldest of memory.keys()) if (memory.size > MOST_KNOWN) memory.delete(oldest);
    return next;
  } catch (cause) {
    throw unavailable(provider, cause);
  }
}

const isPlain = ({ issuer }: Pick<IdentityProviderItem, "issuer">, { loopback }: Reach): boolean =>
  loopback && issuer.startsWith("http:");

/** How far the clock that counts is from the process's own, in seconds: the library looks at that one. */
const skewOf = (now: Date): number => Math.round((now.getTime() - (performance.timeOrigin + performance.now())) / 1000);

/** A client's secret goes into the head of the request where the provider does not say otherwise (RFC 8414 §2). */
const takesBasic = ({ token_endpoint_auth_methods_supported: methods }: ServerMetadata): boolean =>
  methods === undefined || methods.includes("client_secret_basic");

/**
 * The library's client of a provider, without its secret unless that is given. ID tokens count by their signature, also those that come
 * from the provider itself. Throws 503 `identity-provider.unavailable`.
 */
export async function withClient<Result>(
  ports: ProviderPorts,
  provider: IdentityProviderItem,
  secret: string | undefined,
  use: (config: Configuration, metadata: ServerMetadata) => Promise<Result>,
): Promise<Result> {
  const known = await knownOf(ports, provider);
  const { metadata } = known;
  const client = await library();
  const auth =
    secret === undefined
      ? client.None()
      : takesBasic(metadata)
        ? client.ClientSecretBasic(secret)
        : client.ClientSecretPost(secret);
  const times = {
    [client.clockSkew]: skewOf(ports.now()),
    [client.clockTolerance]: provider.clockToleranceSeconds,
  };
  const config = new client.Configuration(metadata, provider.clientId, times, auth);
  config.timeout = TIMEOUT_SECONDS;
  config[client.customFetch] = ports.outside.fetch;
  if (isPlain(provider, ports.outside)) client.allowInsecureRequests(config);
  client.enableNonRepudiationChecks(config);
  if (known.jwks) client.setJwksCache(config, known.jwks);
  try {
    return await use(config, metadata);
  } finally {
    known.jwks = client.getJwksCache(config) ?? known.jwks;
  }
}
