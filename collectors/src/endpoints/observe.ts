import { connect, getCACertificates } from "node:tls";
import type { ScopeError } from "@cadastre/contract/scope";
import type { Address } from "@cadastre/net/address";
import { createTrust } from "@cadastre/x509/trust";
import { forEachWithin } from "../concurrency.ts";
import type { Observe, ObserveContext } from "../observe.ts";
import { createContexts } from "./contexts.ts";
import {
  type CertificateResource,
  type EndpointResource,
  endpointOutcome,
  isExamined,
  preferredChain,
  toEndpoint,
} from "./convert.ts";
import { type Examination, type ExamineOptions, examineAddress } from "./examine.ts";
import type { Allow } from "./guard.ts";
import type { Connect, HandshakeLimits } from "./handshake.ts";
import { ADDRESS_LIMIT, addressesOf, type Resolve, ResolveError, resolveHost } from "./resolve.ts";
import { TargetError, type TlsTarget } from "./targets.ts";

export interface EndpointsOptions {
  readonly targets: readonly TlsTarget[];
  /** Whose endpoints they are, as the collector is registered for. */
  readonly account: string;
  /** From where they are looked at. Default `global`. */
  readonly region?: string;
  /** Default: no internal address at all beside private ones. */
  readonly allow?: Allow;
  /** PEM texts of roots that are trusted beside Node's own (with those of `NODE_EXTRA_CA_CERTS`). */
  readonly extraRoots?: readonly string[];
  /** Address families that this place can reach. Default both; without IPv6, [4] keeps AAAA records from being failures. */
  readonly families?: readonly (4 | 6)[];
  /** Default 5,000. */
  readonly connectTimeoutMilliseconds?: number;
  /** For one handshake, connecting included, and for resolving a name. Default 15,000. */
  readonly totalTimeoutMilliseconds?: number;
  /** Certificates in a chain. Default 64. */
  readonly chainLengthLimit?: number;
  /** Bytes of a chain's certificates. Default 102,400, which is all that OpenSSL takes. */
  readonly chainBytesLimit?: number;
  /** Targets that are examined at the same time. Default 20. */
  readonly concurrency?: number;
  readonly resolve?: Resolve;
  readonly connect?: Connect;
}

/**
 * Examines TLS endpoints and records two scopes, endpoints and certificates. The endpoint scope is complete when every target
 * was examined, whatever came of it. The certificate scope is complete only when every address of every target showed its
 * certificates: one that cannot be reached today must not retire what it showed yesterday. Throws TargetError for an empty
 * list, and an Error for extra roots that cannot be read.
 */
export function observeEndpoints(options: EndpointsOptions): Observe {
  if (options.targets.length === 0) throw new TargetError("there are no targets; name at least one host:port");
  const trust = createTrust(getCACertificates("default"), options.extraRoots ?? []);
  const shared = {
    allow: options.allow ?? {},
    trust,
    contexts: createContexts(trust.pems),
    limits: limitsOf(options),
    connect: options.connect ?? connect,
  };
  const targets = [...new Map(options.targets.map((target) => [target.id, target])).values()];
  return async function observeTlsEndpoints(context) {
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(context.scopeDeadlineMilliseconds)]);
    const scopes = start(options, context);
    const certificates = new Map<string, CertificateResource>();
    let examined = 0;
    let hidden = 0;
    const slow = new Map<TlsTarget, ExaminedTarget>();
    const look = (target: TlsTarget, until: AbortSignal) =>
      examineTarget(options, { ...shared, target, now: context.now, signal: until }, context.log);
    function keep(found: ExaminedTarget): void {
      scopes.endpoint.add(found.endpoint);
      for (const certificate of found.certificates) keepCertificate(certificates, certificate);
      examined += 1;
      if (!found.whole) hidden += 1;
    }
    async function examine(target: TlsTarget): Promise<void> {
      const found = await look(target, signal);
      if (found.timedOut) slow.set(target, found);
      else keep(found);
    }
    /** What took too long is looked at once more, when the others are done: on a busy machine it was not the server's fault. */
    async function examineSlow(concurrency: number): Promise<void> {
      const until = AbortSignal.any([signal, lookAgainSignal(context)]);
      await forEachWithin(concurrency, [...slow.keys()], async (target) => {
        const found = await look(target, until).catch(() => undefined);
        if (found) slow.set(target, found);
      });
    }
    const concurrency = options.concurrency ?? 20;
    try {
      await forEachWithin(concurrency, targets, examine, { stopOnError: true });
      await examineSlow(concurrency);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    for (const found of slow.values()) keep(found);
    for (const certificate of certificates.values()) scopes.certificate.add(certificate);
    const stopped = examined < targets.length ? [stoppedError(context, examined, targets.length)] : [];
    scopes.endpoint.finish(stopped.length > 0 ? "partial" : "complete", stopped);
    const errors = [...stopped, ...(hidden > 0 ? [hiddenError(hidden, targets.length)] : [])];
    scopes.certificate.finish(errors.length > 0 ? "partial" : "complete", errors);
  };
}

/** A second look at what timed out takes no more than a quarter of the scope's time: a network that is down stays down. */
function lookAgainSignal({ scopeDeadlineMilliseconds }: ObserveContext): AbortSignal {
  return AbortSignal.timeout(scopeDeadlineMilliseconds / 4);
}

function limitsOf(options: EndpointsOptions): HandshakeLimits {
  return {
    connectTimeoutMilliseconds: options.connectTimeoutMilliseconds ?? 5_000,
    totalTimeoutMilliseconds: options.totalTimeoutMilliseconds ?? 15_000,
    chainLengthLimit: options.chainLengthLimit ?? 64,
    chainBytesLimit: options.chainBytesLimit ?? 102_400,
  };
}

function start(options: EndpointsOptions, context: ObserveContext) {
  const scope = { provider: "tls", account: options.account, region: options.region ?? "global" } as const;
  return {
    endpoint: context.recorder.start({ ...scope, kind: "endpoint" }),
    certificate: context.recorder.start({ ...scope, kind: "certificate" }),
  };
}

function keepCertificate(certificates: Map<string, CertificateResource>, certificate: CertificateResource) {
  const known = certificates.get(certificate.id);
  certificates.set(certificate.id, known ? preferredChain(known, certificate) : certificate);
}

function stoppedError(context: ObserveContext, examined: number, total: number): ScopeError {
  const so = `${examined} of ${total} targets were examined`;
  return context.signal.aborted
    ? { code: "interrupted", message: `the run was interrupted; ${so}` }
    : { code: "timeout", message: `not done within ${context.scopeDeadlineMilliseconds} ms; ${so}` };
}

function hiddenError(count: number, total: number): ScopeError {
  const message = `${count} of ${total} endpoints did not show their certificates at every address; none is retired`;
  return { code: "endpoints_unreachable", message };
}

interface ExaminedTarget {
  readonly endpoint: EndpointResource;
  readonly certificates: readonly CertificateResource[];
  /** False when it may have certificates that were not seen. */
  readonly whole: boolean;
  /** Whether any of its addresses took too long. */
  readonly timedOut: boolean;
}

type TargetOptions = Omit<ExamineOptions, "address">;

/** Never rejects for what a server did; one server must not be able to take the run. */
async function examineTarget(
  options: EndpointsOptions,
  shared: TargetOptions,
  log: ObserveContext["log"],
): Promise<ExaminedTarget> {
  const { target, signal, now } = shared;
  const checkedAt = now();
  const without = (outcome: "dns_failed" | "failed", detail: string): ExaminedTarget => ({
    endpoint: toEndpoint({ target, outcome, detail, handshakes: [], checkedAt }),
    certificates: [],
    whole: false,
    timedOut: false,
  });
  try {
    const addresses = await resolveTarget(options, shared);
    if (addresses.length > ADDRESS_LIMIT) {
      return without("failed", `the name has more than ${ADDRESS_LIMIT} addresses; none was connected to`);
    }
    const examinations: Examination[] = [];
    for (const address of addresses) examinations.push(await examineAddress({ ...shared, address }));
    return combine(target, checkedAt, examinations);
  } catch (error) {
    if (error instanceof ResolveError) return without("dns_failed", error.message);
    if (signal.aborted) throw error;
    log({ level: "error", message: "an endpoint could not be examined", target: target.id, error });
    return without("failed", "what the server sent could not be examined; the log has the error");
  }
}

function resolveTarget(options: EndpointsOptions, shared: TargetOptions): Promise<Address[]> {
  return addressesOf({
    target: shared.target,
    signal: shared.signal,
    resolve: options.resolve ?? resolveHost,
    families: options.families ?? [4, 6],
    timeoutMilliseconds: shared.limits.totalTimeoutMilliseconds,
  });
}

function combine(target: TlsTarget, checkedAt: Date, examinations: readonly Examination[]): ExaminedTarget {
  const handshakes = examinations.map((examination) => examination.record);
  const times = examinations.flatMap(({ milliseconds }) => (milliseconds === undefined ? [] : [milliseconds]));
  const facts = { target, outcome: endpointOutcome(handshakes), handshakes, checkedAt };
  return {
    endpoint: toEndpoint(times.length > 0 ? { ...facts, milliseconds: Math.max(...times) } : facts),
    certificates: examinations.flatMap((examination) => examination.certificates),
    whole: examinations.every((examination) => examination.whole && isExamined(examination.record)),
    timedOut: handshakes.some(({ outcome }) => outcome === "timeout"),
  };
}
