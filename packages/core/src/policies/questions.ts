import { accountName } from "@cadastre/contract/account";
import { OPERATOR_ACTIONS, type OperatorAction } from "@cadastre/contract/actions";
import { ProblemError } from "@cadastre/contract/errors";
import { idSchema } from "@cadastre/contract/ids";
import type { PrincipalRef } from "@cadastre/contract/principal";
import type { DecidedType } from "@cadastre/contract/role";
import { AddressSpaceItem } from "../addresses/spaces/items.ts";
import type { Context } from "../context.ts";
import { readOrganization } from "../directory/organizations.ts";
import { nameOfPrincipal, requirePrincipal, type StandingPrincipal } from "../directory/principals.ts";
import { accountFacts } from "./account-facts.ts";
import type { Thing } from "./engine.ts";
import type { Holder } from "./rights.ts";
import { readSingle, type SingleThing } from "./single-things.ts";
import { type AccountFacts, anAccount, SYSTEM_ID, toThing } from "./things.ts";

/** Somebody whom it is asked about, as it stands. */
export interface Asked extends Holder {
  readonly name: string;
  readonly isDisabled: boolean;
}

/** The organisation that is asked about, and the version of what decides there: read once for many. */
export interface Here {
  readonly organization: string;
  readonly policyVersion: number;
}

export const readHere = async (context: Pick<Context, "table" | "organization">): Promise<Here> => {
  const { organization } = context;
  return { organization, policyVersion: (await readOrganization(context, organization))?.policyVersion ?? 0 };
};

/** A user or service account as one who would act by a session: no token narrows it. */
export function toAsked(here: Here, ref: PrincipalRef, stored: StandingPrincipal): Asked {
  const { groups, roles, disabled } = stored;
  const isRecovery = "recovery" in stored && stored.recovery === true;
  return { ...ref, ...here, groups, roles, isRecovery, name: nameOfPrincipal(stored), isDisabled: disabled };
}

/** `user/usr_…` as somebody of the context's organisation. Throws 404 `user.not_found`, `service-account.not_found`. */
export async function requireAsked(context: Context, text: string): Promise<Asked> {
  const slash = text.indexOf("/");
  const ref = { type: text.slice(0, slash), id: text.slice(slash + 1) } as PrincipalRef;
  return toAsked(await readHere(context), ref, await requirePrincipal(context, ref));
}

/** `user/usr_…` of somebody. */
export const askedText = ({ type, id }: Pick<Asked, "type" | "id">): string => `${type}/${id}`;

const invalid = (path: string, message: string): ProblemError =>
  new ProblemError("request.invalid", `${path}: ${message}`, { errors: [{ path, message }] });

/** An action that there is. Throws 422 `request.invalid`, which names those that there are. */
export function requireAction(text: string): OperatorAction {
  const found = OPERATOR_ACTIONS.find((action) => action === text);
  if (found === undefined) throw invalid("action", `there is no ${text}; there are ${OPERATOR_ACTIONS.join(", ")}`);
  return found;
}

/** Something that is asked about, and what of it is decided of itself. */
export interface AskedThing {
  readonly what: Thing;
  /** Of an account. */
  readonly account?: AccountFacts | undefined;
  /** Of a credential or a resource. */
  readonly single?: SingleThing | undefined;
}

/**
 * `account/aws/123456789012` as a thing of the context's organisation; of another organisation's nothing is known. Throws 404
 * `account.not_found`, `space.not_found`, `credential.not_found`, `resource.not_found`, 422 `request.invalid`.
 */
export async function requireThing(context: Context, text: string): Promise<AskedThing> {
  const slash = text.indexOf("/");
  const [type, id] = [text.slice(0, slash) as DecidedType, text.slice(slash + 1)];
  const { organization } = context;
  if (type === "organization" && id !== organization) throw invalid("resource", `there is no organization ${id}`);
  if (type === "system" && id !== SYSTEM_ID) throw invalid("resource", `the system is ${type}/${SYSTEM_ID}`);
  if (type === "credential" || type === "resource") {
    const single = await readSingle(context, type, id);
    if (single === undefined) throw new ProblemError(`${type}.not_found`, `there is no ${type} ${id}`);
    return { what: single.thing, single };
  }
  if (type === "address-space") {
    const isThere =
      idSchema("space").safeParse(id).success &&
      (await context.table.get(AddressSpaceItem, { id }, { consistent: true }));
    if (!isThere) throw new ProblemError("space.not_found", `there is no address space ${id}`);
  }
  if (type !== "account") return { what: toThing(organization, type, id) };
  const account = accountName.safeParse(id).success ? await accountFacts(context, id) : undefined;
  if (account === undefined) throw new ProblemError("account.not_found", `there is no account ${id}`);
  return { what: anAccount(organization, account), account };
}

/** The same, but undefined where there is no such thing: of what was named once, and may be gone. */
export async function findThing(context: Context, text: string): Promise<AskedThing | undefined> {
  try {
    return await requireThing(context, text);
  } catch (error) {
    if (error instanceof ProblemError) return undefined;
    throw error;
  }
}
