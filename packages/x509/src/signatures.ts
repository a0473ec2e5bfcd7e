import type { X509Certificate } from "node:crypto";

/** True when the second certificate has the name that the first one gives its issuer, and its key made the signature. */
export type IsSigned = (certificate: X509Certificate, issuer: X509Certificate) => boolean;

/** No honest chain needs more; a made-up one could ask for a signature check of every certificate by every other. */
const SIGNATURE_CHECKS = 200;

/** Checks each signature of a chain once, and after 200 of them takes no further one for good. */
export function createSignatureCheck(): IsSigned {
  const known = new Map<string, boolean>();
  return (certificate, issuer) => {
    if (certificate.issuer !== issuer.subject) return false;
    const key = `${certificate.fingerprint256} ${issuer.fingerprint256}`;
    const signed = known.get(key) ?? (known.size < SIGNATURE_CHECKS && verifies(certificate, issuer));
    known.set(key, signed);
    return signed;
  };
}

/** True when `issuer` names, identifiers, key usage and key fit `certificate` and its key verifies the signature. */
export function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && verifies(certificate, issuer);
}

/**
 * True when the certificate names itself as issuer and its own key verifies it. Whether its key usage allows it to sign
 * certificates does not matter: self-made server certificates rarely say so.
 */
export function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer && verifies(certificate, certificate);
}

function verifies(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    // A key or signature algorithm that OpenSSL does not know verifies nothing.
    return false;
  }
}
