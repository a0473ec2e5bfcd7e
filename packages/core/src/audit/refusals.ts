import type { AuditAction } from "@cadastre/contract/audit-actions";
import type { ErrorCode, ProblemError } from "@cadastre/contract/errors";
import type { Log } from "@cadastre/contract/log";
import { formatAddress, tryParseAddress } from "@cadastre/net/address";
import { formatPrefix, prefixOf } from "@cadastre/net/prefix";
import type { Write } from "@cadastre/store/table";
import { type Actor, actorName, type Context, FIRST_ORGANIZATION, inOrganization } from "../context.ts";
import { recordAs, recordOf } from "./commit-recorded.ts";

/** Refusals of one caller in one minute that are recorded whole; what comes after them is counted. */
const WHOLE_RECORDS = 10;
/** Sources that are told apart within a minute, of each sort; the rest is one. Bounds memory, and what strangers can have written. */
const MOST_SOURCES = 200;
const MINUTE = 60_000;
const MOST_TARGET = 256;
const MOST_REASON = 300;
const OTHERS = "others";

/** A request of a known caller that changed nothing. */
export interface Refusal {
  /** As the audit log calls what was asked for. */
  readonly action: AuditAction;
  readonly target: string;
  /** By name, `area.verb`. */
  readonly endpoint: string;
  readonly error: ProblemError;
  /** Nothing of such a request is repeated. */
  readonly hasSecret: boolean;
}

interface Window {
  readonly minute: number;
  /** Who, as records name it, and what they are about. */
  readonly actor: string;
  readonly target: string;
  count: number;
  denied: number;
  /** Beyond those that were recorded whole. */
  counted: number;
  /** Up to where records count them, and the last request that was counted. */
  told: number;
  requestId: string;
}

/** What answers that a caller may not; all else that refuses is a failure. */
const DENIALS: readonly ErrorCode[] = ["auth.forbidden", "token.scope", "credential.not_bound"];
const isDenied = ({ code, status }: ProblemError) => status === 403 || DENIALS.includes(code);

/** Where an unknown caller is: an address, or of IPv6 the network of one site, which has as many addresses as it likes. */
function toSource(address: string | undefined): string {
  // Of a socket that takes both families, an IPv4 address is written in this way.
  const text = address?.replace(/^::ffff:(?=\d+\.)/, "");
  const parsed = text === undefined ? undefined : tryParseAddress(text);
  if (!parsed) return "unknown";
  return parsed.family === 4 ? formatAddress(parsed) : formatPrefix(prefixOf(parsed, 64));
}

const isPowerOfTwo = (n: number) => (n & (n - 1)) === 0;

/** Records what was refused. Each call makes at most one commit, of at most three records, and never throws. */
export interface Refusals {
  /** Of a known caller: the first ten of a minute whole, the rest as a number. */
  readonly record: (actor: Actor, refusal: Refusal) => Promise<void>;
  /** Of who did not prove who it is: only a number for each source and minute. `address` is where it came from. */
  readonly count: (address: string | undefined, requestId: string) => Promise<void>;
  /** Writes the numbers that are not written yet; for when a process ends. */
  readonly flush: () => Promise<void>;
}

/**
 * Keeps the audit log of refusals, so that nobody can flood it: a process writes, for each source and minute, ten records, and then
 * one with the number so far when that has doubled, and once when the minute is over. Each is a record of its own, since the log is
 * never rewritten; the last of a minute counts all. What a known caller was refused is in the log of its organization, what an unknown one
 * was in that of the first. The counts are kept in memory: of a process that dies, the last number in the log
 * can be half of what it was. What cannot be written is logged, and the answer stays as it is.
 */
export function createRefusals({ context, log }: { context: RefusalsContext; log: Log }): Refusals {
  const logs = new Map<string, Refusals>();
  function logOf(organization: string): Refusals {
    const made = logs.get(organization) ?? createLog({ context: inOrganization(context, organization), log });
    logs.set(organization, made);
    return made;
  }
  return {
    record: (actor, refusal) => logOf(actor.principal.organization).record(actor, refusal),
    count: (address, requestId) => logOf(FIRST_ORGANIZATION).count(address, requestId),
    async flush() {
      for (const made of logs.values()) await made.flush();
    },
  };
}

type RefusalsContext = Pick<Context, "table" | "organization" | "now">;

/** The same of one organization. */
function createLog({ context, log }: { context: RefusalsContext; log: Log }): Refusals {
  const known = new Map<string, Window>();
  const unknown = new Map<string, Window>();

  function numberOf(window: Window): Write {
    const { actor, target, counted, denied, requestId, minute } = window;
    window.told = counted;
    return recordAs({ actor, requestId }, context.now(), {
      action: "request.refused",
      target,
      outcome: denied > 0 ? "denied" : "failed",
      detail: { count: counted, since: new Date(minute * MINUTE).toISOString() },
    });
  }

  /** The number of a minute that is over, where records do not count up to its end. */
  function endOf(window: Window | undefined): Write[] {
    return window === undefined || window.told === window.counted ? [] : [numberOf(window)];
  }

  /** Counts one more, and its record when there are twice as many as the last one told. */
  function countIn(window: Window, { isDenied, requestId }: { isDenied: boolean; requestId: string }): Write[] {
    window.counted += 1;
    window.denied += Number(isDenied);
    window.requestId = requestId;
    return isPowerOfTwo(window.counted) ? [numberOf(window)] : [];
  }

  /** The source's window of this minute, and the writes that end those before it: its own, and one of another source. */
  function open(
    windows: Map<string, Window>,
    given: string,
    names: Pick<Window, "actor" | "target">,
  ): { readonly window: Window; readonly ends: Write[] } {
    const minute = Math.floor(context.now().getTime() / MINUTE);
    const isOver = (window: Window | undefined) => window !== undefined && window.minute !== minute;
    const [oldest] = windows;
    const ended = oldest && isOver(oldest[1]) && oldest[0] !== given ? [oldest] : [];
    for (const [source] of ended) windows.delete(source);
    const isNew = !windows.has(given) && windows.size >= MOST_SOURCES;
    const source = isNew ? OTHERS : given;
    const before = windows.get(source);
    const ends = [...ended.flatMap(([, window]) => endOf(window)), ...(isOver(before) ? endOf(before) : [])];
    if (before && !isOver(before)) return { window: before, ends };
    const about = isNew ? { actor: names.actor === "unknown" ? "unknown" : OTHERS, target: OTHERS } : names;
    const window: Window = { minute, ...about, count: 0, denied: 0, counted: 0, told: 0, requestId: "" };
    // At the end: the first of the map is the one that has been there for longest.
    windows.delete(source);
    windows.set(source, window);
    return { window, ends };
  }

  async function write(writes: readonly Write[]): Promise<void> {
    if (writes.length === 0) return;
    try {
      await context.table.commit(writes);
    } catch (error) {
      log({ level: "warn", message: "a refusal could not be recorded", error: String(error) });
    }
  }

  return {
    async record(actor, { action, target, endpoint, error, hasSecret }) {
      const name = actorName(actor);
      const { window, ends } = open(known, name, { actor: name, target: name });
      const denied = isDenied(error);
      window.count += 1;
      if (window.count > WHOLE_RECORDS) {
        return write([...ends, ...countIn(window, { isDenied: denied, requestId: actor.requestId })]);
      }
      const reason = hasSecret ? {} : { reason: error.message.slice(0, MOST_REASON).toWellFormed() };
      const record = recordOf(actor, context.now(), {
        action,
        target: target.slice(0, MOST_TARGET).toWellFormed(),
        outcome: denied ? "denied" : "failed",
        detail: { endpoint, code: error.code, ...(denied ? reason : {}) },
      });
      await write([...ends, record]);
    },
    async count(address, requestId) {
      const source = toSource(address);
      const { window, ends } = open(unknown, source, { actor: "unknown", target: source });
      await write([...ends, ...countIn(window, { isDenied: true, requestId })]);
    },
    async flush() {
      const all = [...known.values(), ...unknown.values()];
      for (const window of all) await write(endOf(window));
    },
  };
}
