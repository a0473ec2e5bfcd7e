import type { X509Certificate } from "node:crypto";
import type { SecureContext } from "node:tls";
import { type Address, formatAddress } from "@cadastre/net/address";
import { fingerprintOf, keyKindOf } from "@cadastre/x509/certificate";
import { toLink } from "@cadastre/x509/problem";
import type { Trust } from "@cadastre/x509/trust";
import type { Offer } from "./contexts.ts";
import { type CertificateResource, certificateId, clip, toCertificate } from "./convert.ts";
import type { HandshakeRecord } from "./failure.ts";
import { type Allow, blockedReason } from "./guard.ts";
import { type Connect, type Handshake, type HandshakeLimits, shakeHands } from "./handshake.ts";
import type { StapleStatus } from "./ocsp.ts";
import type { Clock } from "./patience.ts";
import type { TlsTarget } from "./targets.ts";
import { type Finding, type Verification, verifyChain } from "./verify.ts";

export interface ExamineOptions {
  readonly target: TlsTarget;
  readonly address: Address;
  readonly allow: Allow;
  readonly trust: Trust;
  readonly contexts: Readonly<Record<Offer, SecureContext>>;
  readonly limits: HandshakeLimits;
  readonly connect: Connect;
  readonly clock: Clock;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** What one address gave. */
export interface Examination {
  readonly record: HandshakeRecord;
  readonly certificates: readonly CertificateResource[];
  /** False when a further certificate may be there that could not be asked for. */
  readonly whole: boolean;
  /** Whether a handshake took too long, so that a further look may show more. */
  readonly timedOut: boolean;
  /** Whether one took too long with who took the connection: too much at once, here or there. */
  readonly strained: boolean;
  readonly milliseconds?: number;
}

/**
 * Examines one address: a handshake with the server's own choice, then one for each kind of key that it did not show. Rejects
 * only with the signal's reason.
 */
export async function examineAddress(options: ExamineOptions): Promise<Examination> {
  const address = formatAddress(options.address);
  const reason = blockedReason(options.address, options.allow);
  if (reason) {
    const record: HandshakeRecord = { address, outcome: "blocked", detail: reason };
    return { record, certificates: [], whole: false, timedOut: false, strained: false };
  }
  const startedAt = options.now();
  const first = await greet(options, address, "any");
  const milliseconds = options.now().getTime() - startedAt.getTime();
  const { all, seen, missed } = await otherKinds(options, address, first);
  const late = all.filter((handshake) => handshake.outcome === "timeout");
  const strain = { timedOut: late.length > 0, strained: late.some((handshake) => handshake.connected) };
  return { ...(await describe(options, address, { first, seen, missed })), ...strain, milliseconds };
}

function greet(options: ExamineOptions, address: string, offer: Offer): Promise<Handshake> {
  const { target } = options;
  return shakeHands({
    ...options.limits,
    address,
    port: target.port,
    // Server names are never addresses (RFC 6066 §3).
    servername: target.sni ?? (target.address ? undefined : target.host),
    context: options.contexts[offer],
    connect: options.connect,
    clock: options.clock,
    signal: options.signal,
  });
}

interface Seen {
  readonly first: Handshake;
  /** Handshakes that showed a certificate of their own, the first among them. */
  readonly seen: readonly Handshake[];
  /** Kinds of key that could not be asked for. */
  readonly missed: readonly string[];
}

const LOST = new Set(["timeout", "refused", "unreachable", "chain_too_large"]);

interface Further extends Omit<Seen, "first"> {
  /** Every handshake that was tried, the first among them. */
  readonly all: readonly Handshake[];
}

async function otherKinds(options: ExamineOptions, address: string, first: Handshake): Promise<Further> {
  const [leaf] = first.chain;
  if (!leaf) return { all: [first], seen: [], missed: [] };
  const all = [first];
  const seen = [first];
  const missed: string[] = [];
  const fingerprints = new Set([fingerprintOf(leaf)]);
  const kind = keyKindOf(leaf);
  for (const offer of (["rsa", "ecdsa"] as const).filter((one) => one !== kind)) {
    const handshake = await greet(options, address, offer);
    const [other] = handshake.chain;
    all.push(handshake);
    if (other && !fingerprints.has(fingerprintOf(other))) {
      fingerprints.add(fingerprintOf(other));
      seen.push(handshake);
    }
    // An alert or a closed connection says that there is no such certificate; silence says nothing.
    if (LOST.has(handshake.outcome)) missed.push(`${offer}: ${handshake.detail ?? handshake.outcome}`);
  }
  return { all, seen, missed };
}

/** Worst first: one word stands for the staples of all certificates. */
const STAPLES: readonly StapleStatus[] = ["revoked", "invalid", "expired", "unknown", "good", "none"];

type Description = Pick<Examination, "record" | "certificates" | "whole">;

async function describe(options: ExamineOptions, address: string, what: Seen): Promise<Description> {
  const { first, seen, missed } = what;
  const verifications = await Promise.all(seen.map((handshake) => verify(options, handshake)));
  const certificates = seen.flatMap((handshake) => servedBy(handshake.chain));
  const authorities = verifications.flatMap((one) => one.authorities.flatMap((authority) => servedBy([authority])));
  const staples = new Set(verifications.map((one) => one.staple));
  const ocspStaple = STAPLES.find((status) => staples.has(status));
  const details = [...(first.detail === undefined ? [] : [first.detail]), ...missed];
  const record: HandshakeRecord = {
    address,
    outcome: first.outcome,
    ...(details.length > 0 ? { detail: clip(details.join("; ")) } : {}),
    ...(first.protocol === undefined ? {} : { protocol: first.protocol }),
    ...(first.cipher === undefined ? {} : { cipher: first.cipher }),
    presented: seen.map(({ chain: [leaf, ...rest] }) => ({
      keyAlgorithm: keyKindOf(leaf as X509Certificate),
      certificate: certificateId(fingerprintOf(leaf as X509Certificate)),
      chain: rest.map((one, index) => ({ position: index + 1, fingerprint: fingerprintOf(one) })),
    })),
    findings: findingsOf(first, verifications),
    ...(ocspStaple === undefined ? {} : { ocspStaple }),
  };
  return { record, certificates: [...certificates, ...authorities], whole: missed.length === 0 };
}

function verify(options: ExamineOptions, handshake: Handshake): Promise<Verification> {
  return verifyChain({
    chain: handshake.chain,
    name: options.target.sni ?? options.target.host,
    trust: options.trust,
    now: options.now(),
    staple: handshake.staple,
    verdict: handshake.verdict,
  });
}

/** The first certificate with the rest of its chain. What cannot be read is left out, and is a finding. */
function servedBy(chain: readonly X509Certificate[]): CertificateResource[] {
  const [leaf, ...rest] = chain.map((certificate) => toLink(certificate).read?.facts);
  return leaf ? [toCertificate(leaf, rest)] : [];
}

function findingsOf(first: Handshake, verifications: readonly Verification[]): Finding[] {
  const old = first.protocol !== undefined && /^(?:SSL|TLSv1(?:\.1)?$)/.test(first.protocol);
  const message = `the server chose ${first.protocol}, older than TLS 1.2`;
  return [
    ...(old ? [{ code: "old_protocol" as const, message }] : []),
    ...verifications.flatMap((one) => one.findings),
  ];
}
