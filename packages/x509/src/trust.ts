import { X509Certificate } from "node:crypto";
import { fingerprintOf } from "./certificate.ts";

/** The roots that chains may end in. */
export interface Trust {
  /** PEM texts of all of them. */
  readonly pems: readonly string[];
  has(certificate: X509Certificate): boolean;
  /** Trusted certificates with the name that this one gives its issuer. */
  namedAsIssuer(certificate: X509Certificate): readonly X509Certificate[];
}

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Roots that are known to be readable, such as Node's own, and further ones, PEM texts that may hold several certificates each.
 * Throws an Error that names the text that cannot be read.
 */
export function createTrust(roots: readonly string[], extraRoots: readonly string[]): Trust {
  const pems = [...roots, ...extraRoots.flatMap(splitPem)];
  const byFingerprint = new Map<string, X509Certificate>();
  const bySubject = new Map<string, X509Certificate[]>();
  for (const pem of pems) {
    const certificate = new X509Certificate(pem);
    const fingerprint = fingerprintOf(certificate);
    if (byFingerprint.has(fingerprint)) continue;
    byFingerprint.set(fingerprint, certificate);
    bySubject.set(certificate.subject, [...(bySubject.get(certificate.subject) ?? []), certificate]);
  }
  return {
    pems,
    has: (certificate) => byFingerprint.has(fingerprintOf(certificate)),
    namedAsIssuer: (certificate) => bySubject.get(certificate.issuer) ?? [],
  };
}

function splitPem(text: string, index: number): string[] {
  const found = text.match(PEM);
  if (!found) throw new Error(`extra root ${index + 1} holds no PEM certificate`);
  for (const pem of found) {
    try {
      new X509Certificate(pem);
    } catch (cause) {
      throw new Error(`extra root ${index + 1} holds a certificate that cannot be read`, { cause });
    }
  }
  return found;
}
