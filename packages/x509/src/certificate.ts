// @peculiar/x509 needs the Reflect metadata API to be there before it is loaded.
import "reflect-metadata";
import { createHash, type X509Certificate } from "node:crypto";
import { AsnParser, AsnSerializer } from "@peculiar/asn1-schema";
import { Certificate } from "@peculiar/asn1-x509";
import { Name } from "@peculiar/x509";
import { READING } from "./asn1.ts";
import { type Extensions, readExtensions } from "./extensions.ts";
import { type DirectoryPath, pathOf } from "./names.ts";
import { signatureAlgorithmOf } from "./signature-algorithm.ts";
import { isSelfSigned } from "./signatures.ts";
import { readValidity } from "./validity.ts";

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
  /** In the certificate's order, without type prefix; names of forms that have no text (X.400, most of otherName) are left out. */
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

/** What one certificate says, and what it is judged by. */
export interface ReadCertificate {
  readonly facts: CertificateFacts;
  readonly extensions: Extensions;
  /** 1 to 3. */
  readonly version: number;
  readonly subjectPath: DirectoryPath;
  /** E-mail addresses in the subject, as they were written before there were alternative names. */
  readonly subjectEmails: readonly string[];
  readonly issuerPath: DirectoryPath;
}

/** Thrown for a certificate that OpenSSL took but whose contents cannot be read. */
export class CertificateUnreadableError extends Error {
  constructor(cause: unknown) {
    super(`a certificate cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "CertificateUnreadableError";
  }
}

/** What was read stays with the object, because judging and recording both want it. */
const read = new WeakMap<X509Certificate, ReadCertificate | CertificateUnreadableError>();

/**
 * Reads a certificate as it came over the wire. An extension that cannot be read is named in the answer, and says nothing.
 * Throws CertificateUnreadableError when the certificate around them cannot be read.
 */
export function readCertificate(certificate: X509Certificate): ReadCertificate {
  const known = read.get(certificate) ?? tryToRead(certificate);
  read.set(certificate, known);
  if (known instanceof CertificateUnreadableError) throw known;
  return known;
}

function tryToRead(certificate: X509Certificate): ReadCertificate | CertificateUnreadableError {
  try {
    return readParts(certificate);
  } catch (error) {
    return new CertificateUnreadableError(error);
  }
}

function readParts(certificate: X509Certificate): ReadCertificate {
  const parsed = AsnParser.parse(certificate.raw, Certificate, { berOptions: READING });
  const { subject, issuer, subjectPublicKeyInfo, version, extensions: list } = parsed.tbsCertificate;
  const extensions = readExtensions(list ?? []);
  const subjectName = new Name(subject);
  const facts = {
    fingerprint: fingerprintOf(certificate),
    serialNumber: certificate.serialNumber.toLowerCase(),
    subject: subjectName.toString(),
    commonName: subjectName.getField("CN").at(-1),
    issuer: new Name(issuer).toString(),
    subjectAltNames: extensions.names.flatMap(({ text }) => (text === undefined ? [] : [text])),
    ...readValidity(certificate.raw),
    ...keyOf(certificate, subjectPublicKeyInfo.algorithm.algorithm),
    signatureAlgorithm: signatureAlgorithmOf(certificate, parsed.signatureAlgorithm),
    keyUsages: extensions.keyUsages ?? [],
    extendedKeyUsages: (extensions.purposes ?? []).map((oid) => PURPOSES[oid] ?? oid),
    isCa: certificate.ca,
    selfSigned: isSelfSigned(certificate),
    publicKeyFingerprint: sha256(new Uint8Array(AsnSerializer.serialize(subjectPublicKeyInfo))),
    ocspUrls: extensions.ocspUrls,
    issuerUrls: extensions.issuerUrls,
  };
  return {
    facts,
    extensions,
    version: version + 1,
    subjectPath: pathOf(subject),
    subjectEmails: subjectName.getField("E"),
    issuerPath: pathOf(issuer),
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

function keyDetails(certificate: X509Certificate) {
  try {
    const key = certificate.publicKey;
    return { type: key.asymmetricKeyType, ...key.asymmetricKeyDetails };
  } catch {
    return { type: undefined };
  }
}

function keyOf(certificate: X509Certificate, algorithmOid: string) {
  const { type, ...details } = keyDetails(certificate);
  const { modulusLength, namedCurve } = details as { modulusLength?: number; namedCurve?: string };
  return { keyAlgorithm: type ?? algorithmOid, keySizeBits: modulusLength, keyCurve: namedCurve };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
