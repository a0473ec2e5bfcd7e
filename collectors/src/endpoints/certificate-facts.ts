// @peculiar/x509 needs the Reflect metadata API to be there before it is loaded.
import "reflect-metadata";
import { createHash, type X509Certificate } from "node:crypto";
import {
  AuthorityInfoAccessExtension,
  ExtendedKeyUsageExtension,
  type GeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509Certificate as ParsedCertificate,
  SubjectAlternativeNameExtension,
} from "@peculiar/x509";

type KeyKind = "rsa" | "ecdsa" | "ed25519" | "other";

/** What is read out of one certificate. Texts come from the ASN.1 itself, never from a printed form that could be spoofed. */
export interface CertificateFacts {
  /** SHA-256 over the DER, lower-case hexadecimal. */
  readonly fingerprint: string;
  /** Lower-case hexadecimal. */
  readonly serialNumber: string;
  readonly subject: string;
  readonly commonName: string | undefined;
  readonly issuer: string;
  /** In the certificate's order, without type prefix. */
  readonly subjectAltNames: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** OpenSSL's name: rsa, rsa-pss, ec, ed25519. */
  readonly keyAlgorithm: string;
  readonly keySizeBits: number | undefined;
  readonly keyCurve: string | undefined;
  readonly signatureAlgorithm: string;
  readonly keyUsages: readonly string[];
  readonly extendedKeyUsages: readonly string[];
  readonly isCa: boolean;
  readonly selfSigned: boolean;
  /** SHA-256 over the SubjectPublicKeyInfo. */
  readonly publicKeyFingerprint: string;
  readonly ocspUrls: readonly string[];
  readonly issuerUrls: readonly string[];
}

/** Names of the purposes (RFC 5280 §4.2.1.12); others stay object identifiers. */
const PURPOSES: Readonly<Record<string, string>> = {
  "1.3.6.1.5.5.7.3.1": "serverAuth",
  "1.3.6.1.5.5.7.3.2": "clientAuth",
  "1.3.6.1.5.5.7.3.3": "codeSigning",
  "1.3.6.1.5.5.7.3.4": "emailProtection",
  "1.3.6.1.5.5.7.3.8": "timeStamping",
  "1.3.6.1.5.5.7.3.9": "OCSPSigning",
  "2.5.29.37.0": "anyExtendedKeyUsage",
};

const USAGES = [
  "digitalSignature",
  "nonRepudiation",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "cRLSign",
  "encipherOnly",
  "decipherOnly",
] as const satisfies readonly (keyof typeof KeyUsageFlags)[];

/** Thrown for a certificate that OpenSSL took but whose contents cannot be read. */
export class CertificateUnreadableError extends Error {
  constructor(cause: unknown) {
    super(`a certificate cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "CertificateUnreadableError";
  }
}

/** What was read stays with the object, because verification and conversion both want it. */
const read = new WeakMap<X509Certificate, CertificateFacts>();

/** Reads a certificate as it came over the wire. Throws CertificateUnreadableError. */
export function readCertificate(certificate: X509Certificate): CertificateFacts {
  const known = read.get(certificate);
  if (known) return known;
  try {
    const facts = readFacts(certificate, new ParsedCertificate(certificate.raw));
    read.set(certificate, facts);
    return facts;
  } catch (error) {
    throw new CertificateUnreadableError(error);
  }
}

function readFacts(certificate: X509Certificate, parsed: ParsedCertificate): CertificateFacts {
  const usages = parsed.getExtension(KeyUsagesExtension)?.usages ?? 0;
  const access = parsed.getExtension(AuthorityInfoAccessExtension);
  const names = parsed.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  return {
    fingerprint: fingerprintOf(certificate),
    serialNumber: certificate.serialNumber.toLowerCase(),
    subject: parsed.subject,
    commonName: parsed.subjectName.getField("CN").at(-1),
    issuer: parsed.issuer,
    subjectAltNames: names.map(textOf),
    notBefore: parsed.notBefore,
    notAfter: parsed.notAfter,
    ...keyOf(certificate, parsed),
    signatureAlgorithm: certificate.signatureAlgorithm ?? certificate.signatureAlgorithmOid,
    keyUsages: USAGES.filter((name) => (usages & KeyUsageFlags[name]) !== 0),
    extendedKeyUsages: (parsed.getExtension(ExtendedKeyUsageExtension)?.usages ?? []).map(
      (oid) => PURPOSES[String(oid)] ?? String(oid),
    ),
    isCa: certificate.ca,
    selfSigned: isSelfSigned(certificate),
    publicKeyFingerprint: sha256(new Uint8Array(parsed.publicKey.rawData)),
    ocspUrls: (access?.ocsp ?? []).map(textOf),
    issuerUrls: (access?.caIssuers ?? []).map(textOf),
  };
}

/** SHA-256 over the DER, lower-case hexadecimal. */
export function fingerprintOf(certificate: X509Certificate): string {
  return sha256(certificate.raw);
}

/** The kind of key in a certificate; `other` also for keys that OpenSSL cannot use. */
export function keyKindOf(certificate: X509Certificate): KeyKind {
  const type = keyDetails(certificate).type;
  if (type === "rsa" || type === "rsa-pss") return "rsa";
  if (type === "ec") return "ecdsa";
  return type === "ed25519" ? "ed25519" : "other";
}

/**
 * True when the certificate names itself as issuer and its own key verifies it. Whether its key usage allows it to sign
 * certificates does not matter: self-made server certificates rarely say so.
 */
function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer && verifies(certificate, certificate);
}

/** True when `issuer` names, identifiers, key usage and key fit `certificate` and its key verifies the signature. */
export function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && verifies(certificate, issuer);
}

function verifies(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    // A key or signature algorithm that OpenSSL does not know verifies nothing.
    return false;
  }
}

function keyDetails(certificate: X509Certificate) {
  try {
    const key = certificate.publicKey;
    return { type: key.asymmetricKeyType, ...key.asymmetricKeyDetails };
  } catch {
    return { type: undefined };
  }
}

function keyOf(certificate: X509Certificate, parsed: ParsedCertificate) {
  const { type, ...details } = keyDetails(certificate);
  const { modulusLength, namedCurve } = details as { modulusLength?: number; namedCurve?: string };
  return {
    keyAlgorithm: type ?? parsed.publicKey.algorithm.name,
    keySizeBits: modulusLength,
    keyCurve: namedCurve,
  };
}

function textOf(name: GeneralName): string {
  return name.value;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
