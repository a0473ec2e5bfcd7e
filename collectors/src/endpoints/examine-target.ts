import type { Log } from "@cadastre/contract/log";
import type { Address } from "@cadastre/net/address";
import { type CertificateResource, type EndpointResource, endpointOutcome, isExamined, toEndpoint } from "./convert.ts";
import { type Examination, type ExamineOptions, examineAddress } from "./examine.ts";
import { ADDRESS_LIMIT, addressesOf, type Resolve, ResolveError } from "./resolve.ts";
import type { TlsTarget } from "./targets.ts";

export interface ExaminedTarget {
  readonly endpoint: EndpointResource;
  readonly certificates: readonly CertificateResource[];
  /** False when it may have certificates that were not seen. */
  readonly whole: boolean;
  /** Whether its name or any of its addresses took too long. */
  readonly timedOut: boolean;
  /** Whether one of them took the connection, and then too long. */
  readonly strained: boolean;
}

interface TargetOptions extends Omit<ExamineOptions, "address"> {
  readonly resolve: Resolve;
  readonly families: readonly (4 | 6)[];
}

/**
 * Examines every address of one target. Never rejects for what a server did, since one server must not be able to take the run;
 * rejects with the signal's reason.
 */
export async function examineTarget(options: TargetOptions, log: Log): Promise<ExaminedTarget> {
  const { target, signal, now } = options;
  const checkedAt = now();
  const without = (outcome: "dns_failed" | "failed", detail: string, timedOut = false): ExaminedTarget => ({
    endpoint: toEndpoint({ target, outcome, detail, handshakes: [], checkedAt }),
    certificates: [],
    whole: false,
    timedOut,
    strained: false,
  });
  try {
    const addresses = await resolveTarget(options);
    if (addresses.length > ADDRESS_LIMIT) {
      return without("failed", `the name has more than ${ADDRESS_LIMIT} addresses; none was connected to`);
    }
    const examinations: Examination[] = [];
    for (const address of addresses) examinations.push(await examineAddress({ ...options, address }));
    return combine(target, checkedAt, examinations);
  } catch (error) {
    if (error instanceof ResolveError) return without("dns_failed", error.message, error.code === "TIMEOUT");
    if (signal.aborted) throw error;
    log({ level: "error", message: "an endpoint could not be examined", target: target.id, error });
    return without("failed", "what the server sent could not be examined; the log has the error");
  }
}

function resolveTarget({ target, signal, resolve, families, limits }: TargetOptions): Promise<Address[]> {
  const timeoutMilliseconds = limits.totalTimeoutMilliseconds * limits.patience;
  return addressesOf({ target, signal, resolve, families, timeoutMilliseconds });
}

function combine(target: TlsTarget, checkedAt: Date, examinations: readonly Examination[]): ExaminedTarget {
  const handshakes = examinations.map((examination) => examination.record);
  const times = examinations.flatMap(({ milliseconds }) => (milliseconds === undefined ? [] : [milliseconds]));
  const facts = { target, outcome: endpointOutcome(handshakes), handshakes, checkedAt };
  return {
    endpoint: toEndpoint(times.length > 0 ? { ...facts, milliseconds: Math.max(...times) } : facts),
    certificates: examinations.flatMap((examination) => examination.certificates),
    whole: examinations.every((examination) => examination.whole && isExamined(examination.record)),
    timedOut: examinations.some((examination) => examination.timedOut),
    strained: examinations.some((examination) => examination.strained),
  };
}
