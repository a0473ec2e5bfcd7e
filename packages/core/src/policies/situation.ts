import { formatAddress, tryParseAddress } from "@cadastre/net/address";
import type { Actor, Context } from "../context.ts";
import type { Situation } from "./engine.ts";

/** An address as Cedar reads it: of a socket that takes both families, an IPv4 address is written as one of IPv6. */
function plainAddress(address: string | undefined): string | undefined {
  const parsed = address === undefined ? undefined : tryParseAddress(address.replace(/^::ffff:(?=\d+\.)/i, ""));
  return parsed && formatAddress(parsed);
}

/** In what situation somebody acts: a collector by its signature, all others by a session or a token. */
export function situationOf({ now }: Pick<Context, "now">, { principal, address }: Actor): Situation {
  const { type, session } = principal;
  const time = now();
  return {
    time,
    address: plainAddress(address),
    strength: session?.strength ?? 1,
    ageSeconds: session && Math.max(0, Math.floor((time.getTime() - Date.parse(session.authenticatedAt)) / 1000)),
    byToken: session === undefined && type !== "collector",
  };
}
