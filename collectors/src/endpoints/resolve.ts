import { lookup } from "node:dns/promises";
import { isIPv6 } from "node:net";
import { type Address, formatAddress, tryParseAddress } from "@cadastre/net/address";
import { createDeadline, DeadlineError } from "../deadline.ts";
import type { TlsTarget } from "./targets.ts";

/** Answers every address of a name as text; rejects when there is none. Asked once for each target in a run. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** The machine's own resolver (hosts file, search domains, private zones), all A and AAAA records. */
export async function resolveHost(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true, order: "verbatim" });
  return found.map((entry) => entry.address);
}

/** A name with more addresses than this is not examined: it would be a way to make us scan other people's hosts. */
export const ADDRESS_LIMIT = 64;

/** Why a name gave no addresses. `code` is the resolver's (`ENOTFOUND`), `TIMEOUT` or `BAD_ANSWER`. */
export class ResolveError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "ResolveError";
    this.code = code;
  }
}

interface ResolveOptions {
  readonly target: TlsTarget;
  readonly resolve: Resolve;
  readonly families: readonly (4 | 6)[];
  readonly timeoutMilliseconds: number;
  readonly signal: AbortSignal;
}

/** The target's addresses, each once, in order of their text. Throws ResolveError; rethrows the signal's reason when aborted. */
export async function addressesOf(options: ResolveOptions): Promise<Address[]> {
  const { target } = options;
  if (target.address) return [target.address];
  const texts = await answerInTime(options);
  const addresses = new Map<string, Address>();
  for (const text of texts) {
    const address = tryParseAddress(withoutDots(text));
    if (!address) throw new ResolveError("BAD_ANSWER", `the resolver answered ${JSON.stringify(text)}`);
    if (options.families.includes(address.family)) addresses.set(formatAddress(address), address);
  }
  if (addresses.size === 0) throw new ResolveError("NODATA", `${target.host} has no address of the families asked for`);
  return [...addresses.keys()].sort().map((key) => addresses.get(key) as Address);
}

/** Resolvers write IPv4-mapped addresses with dots, `::ffff:192.0.2.1`; the strict parser wants hexadecimal groups. */
function withoutDots(text: string): string {
  if (!isIPv6(text)) return text;
  return URL.parse(`http://[${text}]`)?.hostname.slice(1, -1) ?? text;
}

async function answerInTime(options: ResolveOptions): Promise<readonly string[]> {
  const { target, signal, timeoutMilliseconds } = options;
  signal.throwIfAborted();
  const deadline = createDeadline({ signal, milliseconds: timeoutMilliseconds });
  try {
    return await deadline.race(options.resolve(target.host));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof DeadlineError) {
      throw new ResolveError("TIMEOUT", `${target.host}: the resolver did not answer in time`);
    }
    const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "FAILED";
    throw new ResolveError(String(code), `${target.host} could not be resolved (${code})`);
  } finally {
    deadline.end();
  }
}
