import type { LoginBegin } from "@cadastre/contract/oidc";
import { commitRecorded, recordAs } from "../../audit/commit-recorded.ts";
import { type Actor, type Context, inOrganization } from "../../context.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { unknownBy } from "../record-failure.ts";
import { requireStepUp } from "../step-up.ts";
import { questionOf } from "./ask.ts";
import type { ProviderPorts } from "./client.ts";
import { findProvider, redirectUriOf, requireProvider } from "./providers.ts";
import { beginning } from "./under-way.ts";

/** How providers are asked, and where people log in. */
export interface BeginPorts extends ProviderPorts {
  readonly origin: string;
}

/** Who asks for a fresh proof wants one of this moment, give or take what a person needs to type. */
const FRESH_SECONDS = 60;

export interface GivenBegin {
  /** Where to send the browser. */
  readonly url: string;
  /** What its cookie has. */
  readonly text: string;
}

/**
 * Begins a login by a provider, whosever it is. Throws 404 `identity-provider.not_found`, 503 `identity-provider.unavailable`. Writes what its
 * answer must have, for ten minutes, and one audit record.
 */
export async function beginLogin(
  context: Context,
  ports: BeginPorts,
  { provider: id, returnTo, fresh }: LoginBegin & { readonly provider: string },
  call: { readonly requestId: string },
): Promise<GivenBegin> {
  const provider = await findProvider(context, id);
  const own = inOrganization(context, provider.organization);
  const wish = { redirectUri: redirectUriOf(ports.origin, id), maxAgeSeconds: fresh ? FRESH_SECONDS : undefined };
  const question = await questionOf(ports, provider, { ...wish, isLink: false });
  const { text, url, write } = beginning(own, provider, question, { ...wish, returnTo, session: undefined });
  const record = await recordAs(own, unknownBy(call), { action: "session.begin", target: id });
  await retryOnConflict(() => own.table.commit([write, ...record]));
  return { url, text };
}

/**
 * The same for who is logged in and adds an identity, after a step-up for `identity:link` on itself, which is used up. By a provider of its
 * own organization. Throws 401 `auth.step_up`, too.
 */
export async function beginLink(
  context: Context,
  ports: BeginPorts,
  actor: Actor,
  { provider: id, returnTo }: Pick<LoginBegin, "returnTo"> & { readonly provider: string },
): Promise<GivenBegin> {
  const { principal } = actor;
  const wanted = { action: "identity:link", resource: `user/${principal.id}` };
  const provider = await requireProvider(context, id);
  await requireStepUp(context, actor, wanted);
  const wish = { redirectUri: redirectUriOf(ports.origin, id), maxAgeSeconds: undefined };
  const question = await questionOf(ports, provider, { ...wish, isLink: true });
  const { text, url, write } = beginning(context, provider, question, {
    ...wish,
    returnTo,
    session: principal.session?.id,
  });
  await retryOnConflict(async () => {
    const guards = await requireStepUp(context, actor, wanted);
    const entry = { action: "session.begin", target: id, detail: { link: true } } as const;
    await commitRecorded(context, actor, [write, ...guards], entry);
  });
  return { url, text };
}
