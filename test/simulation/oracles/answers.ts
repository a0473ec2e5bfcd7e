import type { ApiLine } from "../api.ts";
import type { Facts } from "../facts.ts";
import type { Delivery } from "../network.ts";
import { FOREIGN_ACCOUNT } from "../story.ts";

const isDone = ({ status }: Delivery) => status !== undefined && status < 300;
const isOf = (name: string) => (delivery: Delivery) => delivery.asked === name;

/** Nothing fails on our side unless something that we rest on failed. */
function noFaultsOfOurs({ deliveries }: Facts, errors: readonly ApiLine[]): string[] {
  return deliveries.flatMap(({ status, code, faults, method, path, requestId }) => {
    // Nobody here signs wrongly.
    if (code === "signature.invalid" || code === "signature.digest") {
      return [`${method} ${path} was answered ${status} ${code}`];
    }
    if (status === undefined || status < 500 || faults.hard > 0) return [];
    if (status === 503 && faults.soft > 0) return [];
    const line = errors.find((error) => error.requestId === requestId);
    const why = line === undefined ? "" : `: ${JSON.stringify(line.error ?? line).slice(0, 1500)}`;
    return [`${method} ${path} was answered ${status} ${code}${why}`];
  });
}

/** One signed message is taken once, however often it arrives. One that is answered with a conflict may not have been looked at. */
function takenOnce({ deliveries }: Facts): string[] {
  const taken = new Map<string, number>();
  for (const { nonce, status, code } of deliveries) {
    if (nonce === undefined || status === undefined || status >= 500 || status === 401) continue;
    if (code !== "signature.replayed" && code !== "request.conflict") taken.set(nonce, (taken.get(nonce) ?? 0) + 1);
  }
  return [...taken].filter(([, times]) => times > 1).map(([nonce, times]) => `${nonce} was taken ${times} times`);
}

/** A token does what its scopes say, and nothing once its revocation was answered; so with a collector's key. */
function allowed({ deliveries, asked, ended }: Facts): string[] {
  const problems: string[] = [];
  for (const { name, kind, about } of asked) {
    const scopes = (about.scopes ?? []) as string[];
    for (const { status } of deliveries.filter(isOf(name))) {
      if (status === undefined || status >= 500 || status === 401) continue;
      const may = kind === "use-read" && scopes.includes("resources:read");
      if (kind.startsWith("use-") && may !== (status === 200)) {
        problems.push(`${kind} with ${scopes.join()} was answered ${status}`);
      }
    }
  }
  for (const { what, id, atStep } of ended) {
    for (const { token, keyId, status, sentAtStep, method, path } of deliveries) {
      if ((what === "token" ? token : keyId) !== id || sentAtStep <= atStep) continue;
      if (status !== undefined && status < 300)
        problems.push(`${method} ${path} was answered ${status} to a revoked ${what}`);
    }
  }
  return problems;
}

/** Nothing is kept of an account that no collector may speak of. */
function nothingForeign({ resources, states, accounts, holds }: Facts): string[] {
  const all = { resources, states, accounts, holds };
  return Object.entries(all).flatMap(([name, items]) =>
    items.some(({ account }) => account === FOREIGN_ACCOUNT) ? [`there are ${name} of a foreign account`] : [],
  );
}

/** A secret that is revealed is the one that was stored. */
function rightSecrets({ asked, deliveries }: Facts): string[] {
  return asked
    .filter(({ kind }) => kind === "credential-reveal")
    .flatMap(({ name, about }) =>
      deliveries
        .filter(isOf(name))
        .filter(isDone)
        .flatMap(({ answer }) => {
          const secret = (answer as { secret?: { secret?: string } }).secret?.secret;
          return secret === `secret of ${String(about.name)}` ? [] : [`${String(about.id)} reveals ${secret}`];
        }),
    );
}

export function judgeAnswers(facts: Facts, errors: readonly ApiLine[]): string[] {
  return [
    ...noFaultsOfOurs(facts, errors),
    ...takenOnce(facts),
    ...allowed(facts),
    ...nothingForeign(facts),
    ...rightSecrets(facts),
  ];
}
