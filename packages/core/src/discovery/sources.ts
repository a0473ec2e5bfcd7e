import { type Collector, mayReport } from "@cadastre/contract/collector";
import { ProblemError } from "@cadastre/contract/errors";
import type { ScopeKey } from "@cadastre/contract/scope";

/** The part of a collector that discovery needs: its name is the source of all its scopes. */
export type Reporter = Pick<Collector, "id" | "name" | "providers" | "accounts">;

/** Refuses the whole request when any of its scopes is of a provider or account that the collector is not bound to. */
export function requireBoundScopes(reporter: Reporter, scopes: readonly ScopeKey[]): void {
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
  if (errors.length === 0) return;
  throw new ProblemError("collector.foreign_account", errors[0]?.message, { errors: errors.slice(0, 50) });
}
