import { accountNameOf } from "@cadastre/contract/account";
import type { Provider } from "@cadastre/contract/scope";
import { create, remove, type Write } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { AccountOwnerItem } from "./items.ts";

interface Key {
  readonly provider: Provider;
  readonly account: string;
}

/** Clouds give the names of their accounts out, so one of them is one organization's; elsewhere everybody names as one likes. */
const GIVEN_OUT: readonly Provider[] = ["aws", "gcp"];

/** The write that makes an account the organization's own; refused as "exists" where it is another's. */
export function owningWrites({ organization }: Pick<Context, "organization">, key: Key): Write[] {
  return GIVEN_OUT.includes(key.provider)
    ? [create(AccountOwnerItem, { account: accountNameOf(key), organization })]
    : [];
}

/** The write by which an account is nobody's again. */
export function disowningWrites(key: Key): Write[] {
  return GIVEN_OUT.includes(key.provider) ? [remove(AccountOwnerItem, { account: accountNameOf(key) })] : [];
}
