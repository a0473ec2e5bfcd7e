import { connect, getCACertificates } from "node:tls";
import type { ScopeError } from "@cadastre/contract/scope";
import { createTrust } from "@cadastre/x509/trust";
import { forEachWithin } from "../concurrency.ts";
import type { Observe, ObserveContext } from "../observe.ts";
import { createContexts } from "./contexts.ts";
import { type CertificateResource, preferredChain } from "./convert.ts";
import { type ExaminedTarget, examineTarget } from "./examine-target.ts";
import type { Allow } from "./guard.ts";
import type { Connect, HandshakeLimits } from "./handshake.ts";
import { createPace } from "./pace.ts";
import { type Clock, systemClock } from "./patience.ts";
import { type Resolve, resolveHost } from "./resolve.ts";
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
  /** Targets that are examined at the same time at most; fewer while handshakes take too long. Default 20. */
  readonly concurrency?: number;
  readonly resolve?: Resolve;
  readonly connect?: Connect;
  /** By which handshakes are given up. Default the system's. */
  readonly clock?: Clock;
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
    clock: options.clock ?? systemClock,
    resolve: options.resolve ?? resolveHost,
    families: options.families ?? ([4, 6] as const),
  };
  const targets = [...new Map(options.targets.map((target) => [target.id, target])).values()];
  return async function observeTlsEndpoints(context) {
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(context.scopeDeadlineMilliseconds)]);
    const scopes = start(options, context);
    const certificates = new Map<string, CertificateResource>();
    let examined = 0;
    let hidden = 0;
    const slow = new Map<TlsTarget, ExaminedTarget>();
    const pace = createPace(options.concurrency ?? 20);
    function look(target: TlsTarget, until: AbortSignal, patience: number): Promise<ExaminedTarget> {
      const limits = { ...shared.limits, patience };
      const details = { ...shared, limits, target, now: context.now, signal: until };
      return pace.note(
        () => examineTarget(details, context.log),
        ({ strained }) => strained,
      );
    }
    function keep(found: ExaminedTarget): void {
      scopes.endpoint.add(found.endpoint);
      for (const certificate of found.certificates) keepCertificate(certificates, certificate);
      examined += 1;
      if (!found.whole) hidden += 1;
    }
    async function examine(target: TlsTarget): Promise<void> {
      const found = await look(target, signal, 1);
      if (found.timedOut) slow.set(target, found);
      else keep(found);
    }
    /**
     * What took too long is looked at again when the others are done, with more patience: on a busy machine it was not the
     * server's fault. And again, as long as that helps somebody.
     */
    async function examineSlow(): Promise<void> {
      const until = AbortSignal.any([signal, lookAgainSignal(context)]);
      for (const patience of FURTHER_LOOKS) {
        const before = late(slow).length;
        await forEachWithin(pace.limit, late(slow), async ([target, last]) => {
          const found = await look(target, until, patience).catch(() => undefined);
          if (found && found.certificates.length >= last.certificates.length) slow.set(target, found);
        });
        if (late(slow).length === before) return;
      }
    }
    try {
      await forEachWithin(pace.limit, targets, examine, { stopOnError: true });
      await examineSlow();
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

/** How many times the timeouts are waited for in the second look, and in the third. */
const FURTHER_LOOKS = [2, 4];

function late(looked: ReadonlyMap<TlsTarget, ExaminedTarget>): (readonly [TlsTarget, ExaminedTarget])[] {
  return [...looked].filter(([, found]) => found.timedOut);
}

/** Further looks at what timed out take no more than a quarter of the scope's time: a network that is down stays down. */
function lookAgainSignal({ scopeDeadlineMilliseconds }: ObserveContext): AbortSignal {
  return AbortSignal.timeout(scopeDeadlineMilliseconds / 4);
}

function limitsOf(options: EndpointsOptions): HandshakeLimits {
  return {
    connectTimeoutMilliseconds: options.connectTimeoutMilliseconds ?? 5_000,
    totalTimeoutMilliseconds: options.totalTimeoutMilliseconds ?? 15_000,
    chainLengthLimit: options.chainLengthLimit ?? 64,
    chainBytesLimit: options.chainBytesLimit ?? 102_400,
    patience: 1,
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
