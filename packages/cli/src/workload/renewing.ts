import { exchangeToken } from "@cadastre/client/token-exchange";
import { readSubject, type SubjectOptions } from "./subject.ts";

/** A token is exchanged anew when less is left of it. */
const LEFT_MILLISECONDS = 60_000;

export interface Renewing extends SubjectOptions {
  readonly api: string;
  readonly rule: string;
  readonly now: () => Date;
}

/** Makes what answers a token that is good for a while: exchanged when it is first asked for, and again when it is due. It is kept in memory alone. */
export function createRenewingToken({ api, rule, now, ...subject }: Renewing): () => Promise<string> {
  let held: { readonly text: string; readonly until: number } | undefined;
  let pending: Promise<string> | undefined;

  async function renew(): Promise<string> {
    const { secret, seconds } = await exchangeToken({ baseUrl: api, rule, subject: await readSubject(subject) });
    // A token that is shorter than that is used for half of its life.
    const spare = Math.min(LEFT_MILLISECONDS, seconds * 500);
    held = { text: secret, until: now().getTime() + seconds * 1000 - spare };
    return secret;
  }

  return function token() {
    if (held && now().getTime() < held.until) return Promise.resolve(held.text);
    pending ??= renew().finally(() => {
      pending = undefined;
    });
    return pending;
  };
}
