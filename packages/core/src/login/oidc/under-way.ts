import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { create, type Stored, type Write } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { hashSecretText, idOfSecretText, isSecretText, newSecretText } from "../secret-text.ts";
import type { Question, Wish } from "./ask.ts";
import { type IdentityProviderItem, LoginItem } from "./items.ts";

/** So long a person has at the provider. */
const LOGIN_SECONDS = 600;

const NO_HASH = hashSecretText("");

/** A login that is begun: the text of the browser's cookie, and the write that stores what its answer must have. */
export interface Begun {
  readonly text: string;
  readonly url: string;
  readonly write: Write;
}

export function beginning(
  { now }: Pick<Context, "now">,
  { id: provider, organization, issuer }: IdentityProviderItem,
  { url, state, nonce, verifier }: Question,
  more: Pick<LoginItem, "returnTo" | "session"> & Omit<Wish, "isLink">,
): Begun {
  const at = now();
  const id = newId("login", at);
  const text = newSecretText(id);
  const given = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined)) as typeof more;
  const expiresAt = Math.floor(at.getTime() / 1000) + LOGIN_SECONDS;
  const asked = { state, nonce, verifier };
  const item = { ...given, ...asked, id, secretHash: hashSecretText(text), organization, provider, issuer, expiresAt };
  return { text, url, write: create(LoginItem, item) };
}

/** One answer for a browser that has begun nothing, or too long ago, or has its answer already. */
const gone = () =>
  new ProblemError(
    "auth.invalid",
    "this browser has not begun to log in, or too long ago, or has done so: begin again",
  );

/** The login that a browser has begun, by its cookie's text. Throws 401 `auth.invalid`. */
export async function readLogin(
  { table, now }: Pick<Context, "table" | "now">,
  text: string | undefined,
): Promise<Stored<LoginItem>> {
  const id = text === undefined ? undefined : idOfSecretText(text, "login");
  const stored = id === undefined ? undefined : await table.get(LoginItem, { id }, { consistent: true });
  const isRight = isSecretText(text ?? "", stored?.secretHash ?? NO_HASH);
  if (stored && isRight && stored.expiresAt * 1000 > now().getTime()) return stored;
  throw gone();
}
