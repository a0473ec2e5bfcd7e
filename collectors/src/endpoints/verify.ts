import type { X509Certificate } from "node:crypto";
import type { FindingCode } from "@cadastre/contract/kinds/findings";
import { fingerprintOf } from "@cadastre/x509/certificate";
import { judgeChain } from "@cadastre/x509/judge-chain";
import { toLink } from "@cadastre/x509/problem";
import type { Trust } from "@cadastre/x509/trust";
import { certificateId, clip } from "./convert.ts";
import type { HandshakeRecord } from "./failure.ts";
import { readStaple, type StapleStatus } from "./ocsp.ts";

export type Finding = NonNullable<HandshakeRecord["findings"]>[number] & { readonly code: FindingCode };

interface VerifyOptions {
  /** As the server sent it, its own certificate first. */
  readonly chain: readonly X509Certificate[];
  /** The host name or address that the certificate must be for. */
  readonly name: string;
  readonly trust: Trust;
  readonly now: Date;
  readonly staple: Uint8Array | undefined;
  /** OpenSSL's verdict, looked at for what is not judged here. */
  readonly verdict: string | undefined;
}

export interface Verification {
  readonly findings: readonly Finding[];
  readonly staple: StapleStatus;
  /** Certificates above the server's, on the path or sent: what the register is to know as well. */
  readonly authorities: readonly X509Certificate[];
}

/**
 * Everything that is wrong with a chain, not just the first: what its certificates say, what the staple says, and what OpenSSL
 * has against it beside. The texts hold no times of the check, so that they change only when something does.
 */
export async function verifyChain(options: VerifyOptions): Promise<Verification> {
  const { chain, name, trust, now } = options;
  const [leaf] = chain;
  if (!leaf) return { findings: [], staple: "none", authorities: [] };
  const { path, problems, authorities } = judgeChain({ chain, name, trust, now });
  const staple = await readStaple({ staple: options.staple, certificate: leaf, issuer: path[1], now });
  const findings = [
    ...problems.map(({ code, certificate, message }) => finding(code, certificate, message)),
    ...(staple === "revoked" ? [finding("revoked", leaf, "the stapled OCSP response says that it was revoked")] : []),
    ...missingStaple(leaf, staple),
  ];
  return { findings: [...findings, ...fromVerdict(options.verdict, leaf, findings)], staple, authorities };
}

function finding(code: FindingCode, certificate: X509Certificate, message: string): Finding {
  return { code, message: clip(message), certificate: certificateId(fingerprintOf(certificate)) };
}

/** Numbers of the TLS extensions that ask for a staple (RFC 7633, RFC 6066, RFC 6961). */
const STATUS_REQUESTS = [5, 17];
const UNUSABLE: Readonly<Partial<Record<StapleStatus, string>>> = {
  none: "the server sent none",
  expired: "the server sent one that has ended",
  invalid: "the server sent one that is not valid",
};

function missingStaple(leaf: X509Certificate, staple: StapleStatus): Finding[] {
  const features = toLink(leaf).read?.extensions.tlsFeatures ?? [];
  const why = UNUSABLE[staple];
  if (why === undefined || !features.some((feature) => STATUS_REQUESTS.includes(feature))) return [];
  return [finding("missing_staple", leaf, `the certificate demands a stapled OCSP response; ${why}`)];
}

/**
 * OpenSSL names one problem only, and may mean another path. Any of these accounts for its word; when none is known, the first
 * is told. node:tls has no name for errors such as 34, 47 and 48: it says UNSPECIFIED.
 */
const VERDICTS: Readonly<Record<string, readonly FindingCode[]>> = {
  INVALID_PURPOSE: ["wrong_usage", "issuer_not_ca", "issuer_may_not_sign"],
  INVALID_CA: ["issuer_not_ca"],
  PATH_LENGTH_EXCEEDED: ["path_too_long"],
  PERMITTED_VIOLATION: ["name_not_permitted"],
  EXCLUDED_VIOLATION: ["name_not_permitted"],
  ERROR_IN_CERT_NOT_BEFORE_FIELD: ["unreadable_certificate"],
  ERROR_IN_CERT_NOT_AFTER_FIELD: ["unreadable_certificate"],
  UNSPECIFIED: [
    "verification_failed",
    "issuer_may_not_sign",
    "key_identifier_mismatch",
    "name_not_permitted",
    "unknown_critical_extension",
    "unreadable_certificate",
    "unreadable_extension",
  ],
};

/** These are judged by our own clock and roots. */
const JUDGED = new Set([
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_UNTRUSTED",
]);

function fromVerdict(verdict: string | undefined, leaf: X509Certificate, known: readonly Finding[]): Finding[] {
  if (verdict === undefined || JUDGED.has(verdict)) return [];
  const accounts = VERDICTS[verdict] ?? [];
  if (known.some((one) => accounts.includes(one.code))) return [];
  return [finding(accounts[0] ?? "verification_failed", leaf, `OpenSSL refuses the chain: ${verdict}`)];
}
