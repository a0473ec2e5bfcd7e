import type { ScopeKey } from "@cadastre/contract/scope";
import { ConflictError } from "@cadastre/store/errors";
import { accountSightings } from "../accounts/sighting.ts";
import { commitRecorded } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";

const AT_ONCE = 50;
const ATTEMPTS = 5;

/** Creates the accounts that are seen for the first time, with one audit record for each commit. Two at once: one creates. */
export async function sightAccounts(context: Context, actor: Actor, scopes: readonly ScopeKey[]): Promise<void> {
  const accounts = [
    ...new Map(scopes.map(({ provider, account }) => [`${provider}/${account}`, { provider, account }])).values(),
  ];
  for (let at = 0; at < accounts.length; at += AT_ONCE) {
    const some = accounts.slice(at, at + AT_ONCE);
    for (let attempt = 1; ; attempt++) {
      const sightings = await accountSightings(context, actor, some);
      if (sightings.length === 0) break;
      const target = some.map((one) => `${one.provider}/${one.account}`);
      try {
        await commitRecorded(context, actor, sightings, {
          action: "account.sighted",
          target: target[0] ?? "",
          detail: { accounts: target },
        });
        break;
      } catch (error) {
        if (!(error instanceof ConflictError) || attempt === ATTEMPTS) throw error;
      }
    }
  }
}
