import type { X509Certificate } from "node:crypto";
import { CertificateUnreadableError, type ReadCertificate, readCertificate } from "./certificate.ts";

/** What may be wrong with a chain. */
export type ProblemCode =
  | "chain_order"
  | "expired"
  | "expired_beside_path"
  | "extra_certificate"
  | "issuer_ends_first"
  | "issuer_ends_soon"
  | "issuer_may_not_sign"
  | "issuer_not_ca"
  | "key_identifier_mismatch"
  | "missing_intermediate"
  | "name_not_permitted"
  | "not_yet_valid"
  | "path_too_long"
  | "self_signed"
  | "unknown_critical_extension"
  | "unreadable_certificate"
  | "unreadable_extension"
  | "untrusted_root"
  | "weak_key"
  | "weak_signature"
  | "wrong_name"
  | "wrong_usage";

export interface Problem {
  readonly code: ProblemCode;
  /** The certificate that it is about. */
  readonly certificate: X509Certificate;
  /** Holds no time of the check, so that it changes only when something does. */
  readonly message: string;
}

/** A certificate of a chain; `read` is undefined, with the reason, when it cannot be read. */
export interface Link {
  readonly certificate: X509Certificate;
  readonly read: ReadCertificate | undefined;
  readonly reason: string | undefined;
  /** How texts name it. */
  readonly subject: string;
}

/** Never throws for what a certificate holds. */
export function toLink(certificate: X509Certificate): Link {
  try {
    const read = readCertificate(certificate);
    return { certificate, read, reason: undefined, subject: read.facts.subject };
  } catch (error) {
    if (!(error instanceof CertificateUnreadableError)) throw error;
    // OpenSSL's printed form, one component a line: good enough to find the file, and no more is needed.
    const subject = JSON.stringify(certificate.subject ?? "");
    return { certificate, read: undefined, reason: error.message, subject };
  }
}

export function problem(code: ProblemCode, { certificate }: Link, message: string): Problem {
  return { code, certificate, message };
}
