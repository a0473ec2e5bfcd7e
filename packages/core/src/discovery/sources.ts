import { accountNameOf } from "@cadastre/contract/account";
import { type Collector, mayReport } from "@cadastre/contract/collector";
import { ProblemError } from "@cadastre/contract/errors";
import type { ScopeKey } from "@cadastre/contract/scope";

/** The part of a collector that discovery needs: its name is the source of all its scopes. */
export interface Reporter extends Pick<Collector, "id" | "name" | "providers" | "accounts"> {
  /** Of some accounts (`aws/…`), those that policies keep it from. Absent where none does. */
  readonly keptFrom?:
    | ((
        accounts: readonly string[],
      ) => Promise<readonly { readonly account: string; readonly policies: readonly string[] }[]>)
    | undefined;
}

/** So many places are named. */
const MOST_SHOWN = 50;

/**
 * Refuses the whole request when any of its scopes is of a provider or account that the collector is not bound to, 403
 * `collector.foreign_account`, or that a policy keeps it from, 403 `auth.forbidden`.
 */
export async function requireBoundScopes(reporter: Reporter, scopes: readonly ScopeKey[]): Promise<void> {
  const errors = scopes.flatMap((scope, place) =>
    mayReport(reporter, scope)
      ? []
      : [
          {
            path: `scopes[${place}].account`,
            message: `${scope.provider} account ${scope.account} is not one of the collector's`,
          },
        ],
  );
  if (errors.length > 0)
    throw new ProblemError("collector.foreign_account", errors[0]?.message, { errors: errors.slice(0, MOST_SHOWN) });
  await requireNotKeptFrom(reporter, scopes);
}

/** Throws 403 `auth.forbidden` when a policy keeps a collector from the account of any of these scopes. */
export async function requireNotKeptFrom(
  { keptFrom }: Reporter,
  scopes: readonly Pick<ScopeKey, "provider" | "account">[],
): Promise<void> {
  if (keptFrom === undefined) return;
  const [kept] = await keptFrom([...new Set(scopes.map(accountNameOf))]);
  if (kept === undefined) return;
  throw new ProblemError("auth.forbidden", `${kept.policies.join(", ")} forbids discovery:deliver for ${kept.account}`);
}
