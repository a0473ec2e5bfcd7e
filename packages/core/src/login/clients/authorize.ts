import type { Authorization } from "@cadastre/contract/client-login";
import { newId } from "@cadastre/contract/ids";
import { create } from "@cadastre/store/table";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import type { Actor, Context } from "../../context.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import type { SessionItem } from "../../sessions/items.ts";
import { hashSecretText, newSecretText } from "../secret-text.ts";
import { AuthorizationCodeItem, NAMELESS } from "./items.ts";

/** The command takes it at once: RFC 6749 §4.1.2 has ten minutes at the most. */
const CODE_SECONDS = 60;

/** The redirect URI with what the command is told. */
function redirectTo({ redirectUri, state }: Authorization, told: Readonly<Record<string, string>>): string {
  return `${redirectUri}?${new URLSearchParams({ ...told, state }).toString()}`;
}

/**
 * Lets the command on the person's own computer have a token, and answers where to send the browser with the code for it. The code counts once,
 * for a minute, with the verifier of the challenge. Writes its hash, and one audit record.
 */
export async function authorizeClient(
  context: Context,
  { actor, session }: { readonly actor: Actor; readonly session: SessionItem },
  asked: Authorization,
): Promise<string> {
  const at = context.now();
  const id = newId("clientLogin", at);
  const text = newSecretText(id);
  const { codeChallenge, redirectUri } = asked;
  const clientName = asked.clientName?.trim() || NAMELESS;
  const item: AuthorizationCodeItem = {
    id,
    secretHash: hashSecretText(text),
    clientName,
    codeChallenge,
    redirectUri,
    approval: { organization: session.organization, user: session.user, session: session.id },
    expiresAt: Math.floor(at.getTime() / 1000) + CODE_SECONDS,
  };
  const entry = { action: "client-login.approve", target: id, detail: { client: clientName, redirectUri } } as const;
  await retryOnConflict(() => commitRecorded(context, actor, [create(AuthorizationCodeItem, item)], entry));
  return redirectTo(asked, { code: text });
}

/** Refuses it, and answers where to send the browser. Writes one audit record. */
export async function refuseClient(context: Context, actor: Actor, asked: Authorization): Promise<string> {
  const { redirectUri, clientName } = asked;
  await retryOnConflict(() =>
    commitRecorded(context, actor, [], {
      action: "client-login.deny",
      target: newId("clientLogin", context.now()),
      detail: { client: clientName?.trim() || NAMELESS, redirectUri },
    }),
  );
  return redirectTo(asked, { error: "access_denied" });
}
