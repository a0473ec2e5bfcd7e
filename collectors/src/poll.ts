import { type RevealedCredential, revealedCredential } from "@cadastre/contract/credential";
import { type Trigger, trigger } from "@cadastre/contract/discovery";
import { page } from "@cadastre/contract/view";
import { RefusedError, UnavailableError } from "./api-errors.ts";
import { parseApiUrl, type SignedFetch } from "./signed-fetch.ts";

const triggers = page(trigger);

/**
 * The runs that operators ask this collector for, oldest first; only those after the trigger `after`, when it is given.
 * Throws as the signed fetch does, and UnavailableError for another form.
 */
export async function pollTrigger(call: SignedFetch, signal: AbortSignal, after?: string): Promise<Trigger[]> {
  const path = `/api/v1/discovery/triggers${after === undefined ? "" : `?after=${encodeURIComponent(after)}`}`;
  const parsed = triggers.safeParse(await call({ method: "GET", path, signal }));
  if (!parsed.success) throw new UnavailableError(`GET ${path} was answered in an unknown form`);
  return parsed.data.items;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Throws unless what the API answers is hidden from the network: https, or this machine. */
function requirePrivateChannel(api: string): void {
  const url = new URL(parseApiUrl(api));
  if (url.protocol !== "https:" && !LOOPBACK.test(url.hostname)) {
    throw new Error(`a credential is fetched over https only, not from ${url.origin}`);
  }
}

/**
 * The stored credential that this collector is bound to, or undefined when none is bound. The API audits every fetch.
 * Throws as the signed fetch does; no error repeats any part of the answer.
 */
export async function fetchCredential(
  call: SignedFetch,
  api: string,
  signal: AbortSignal,
): Promise<RevealedCredential | undefined> {
  requirePrivateChannel(api);
  const path = "/api/v1/discovery/credential";
  try {
    const parsed = revealedCredential.safeParse(await call({ method: "POST", path, body: Buffer.from("{}"), signal }));
    if (!parsed.success) throw new UnavailableError(`POST ${path} was answered in an unknown form`);
    return parsed.data;
  } catch (error) {
    if (error instanceof RefusedError && error.code === "credential.not_bound") return undefined;
    throw error;
  }
}
