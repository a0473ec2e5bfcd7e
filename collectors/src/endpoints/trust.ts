import { X509Certificate } from "node:crypto";
import { getCACertificates } from "node:tls";
import { fingerprintOf, isSignedBy } from "./certificate-facts.ts";

/** The roots that chains may end in. */
export interface Trust {
  /** PEM texts of all of them. */
  readonly pems: readonly string[];
  has(certificate: X509Certificate): boolean;
  /** Trusted certificates that signed this one. */
  issuersOf(certificate: X509Certificate): readonly X509Certificate[];
}

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Node's roots (with those of `NODE_EXTRA_CA_CERTS`) and further ones, PEM texts that may hold several certificates each.
 * Throws an Error that names the text that cannot be read.
 */
export function createTrust(extraRoots: readonly string[]): Trust {
  const pems = [...getCACertificates("default"), ...extraRoots.flatMap(splitPem)];
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
    issuersOf: (certificate) =>
      (bySubject.get(certificate.issuer) ?? []).filter((root) => isSignedBy(certificate, root)),
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

/** True when the second certificate's key made the signature on the first. */
export type IsSigned = (certificate: X509Certificate, issuer: X509Certificate) => boolean;

/** No honest chain needs more; a made-up one could ask for a signature check of every certificate by every other. */
const SIGNATURE_CHECKS = 200;

/** Checks each signature of a chain once, and after 200 of them takes no further one for good. */
export function createSignatureCheck(): IsSigned {
  const known = new Map<string, boolean>();
  return (certificate, issuer) => {
    if (!certificate.checkIssued(issuer)) return false;
    const key = `${certificate.fingerprint256} ${issuer.fingerprint256}`;
    const signed = known.get(key) ?? (known.size < SIGNATURE_CHECKS && isSignedBy(certificate, issuer));
    known.set(key, signed);
    return signed;
  };
}

export interface Path {
  /** From the server's certificate towards the root. */
  readonly certificates: readonly X509Certificate[];
  readonly trusted: boolean;
}

interface PathOptions {
  /** As the server sent it, its own certificate first. */
  readonly chain: readonly X509Certificate[];
  readonly trust: Trust;
  readonly now: Date;
  readonly isSigned: IsSigned;
}

/**
 * The way from the server's certificate to a trusted root through the other certificates of the chain, in whatever order they
 * came. A way on which everything is in force is preferred; without any way to a root, as far as it goes.
 */
export function findPath(options: PathOptions): Path {
  const { chain, now } = options;
  const inForce = (c: X509Certificate) => c.validFromDate <= now && now <= c.validToDate;
  const good = search(options, inForce).find(isTrusted);
  if (good) return good;
  const all = search(options, () => true);
  // Breadth first, so the last one found is the longest.
  return all.find(isTrusted) ?? all.at(-1) ?? { certificates: chain.slice(0, 1), trusted: false };
}

const isTrusted = (path: Path) => path.trusted;

/** All ways, breadth first, each certificate once: certificates that all signed one another take no longer than others. */
function search(options: PathOptions, usable: (issuer: X509Certificate) => boolean): Path[] {
  const { chain, trust, isSigned } = options;
  const [leaf, ...others] = chain;
  if (!leaf) return [];
  const paths: X509Certificate[][] = [[leaf]];
  const seen = new Set([leaf.fingerprint256]);
  for (const path of paths) {
    const last = path.at(-1) as X509Certificate;
    const sent = others.filter((other) => other.ca && isSigned(last, other));
    for (const issuer of [...trust.issuersOf(last), ...sent].filter(usable)) {
      if (seen.has(issuer.fingerprint256)) continue;
      seen.add(issuer.fingerprint256);
      paths.push([...path, issuer]);
    }
  }
  return paths.map((path) => ({ certificates: path, trusted: trust.has(path.at(-1) as X509Certificate) }));
}
