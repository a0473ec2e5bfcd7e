import type { X509Certificate } from "node:crypto";
import type { IsSigned } from "./signatures.ts";
import type { Trust } from "./trust.ts";

export interface Path {
  /** From the server's certificate towards the root. */
  readonly certificates: readonly X509Certificate[];
  readonly trusted: boolean;
}

interface PathOptions {
  /** As the server sent it, its own certificate first. */
  readonly chain: readonly X509Certificate[];
  readonly trust: Trust;
  readonly isSigned: IsSigned;
}

/** Honest chains have a few ways; certificates that all signed one another have more than anybody can look at. */
const MOST_PATHS = 100;

/**
 * The ways from the server's certificate towards trusted roots, through the other certificates of the chain in whatever order
 * they came, shortest first; also those that end before a root. Only names and signatures lead on: what is wrong with a way is
 * judged afterwards, so that it can be told. No more than a hundred.
 */
export function findPaths({ chain, trust, isSigned }: PathOptions): Path[] {
  const [leaf, ...others] = chain;
  if (!leaf) return [];
  const paths: X509Certificate[][] = [[leaf]];
  for (const path of paths) {
    const last = path.at(-1) as X509Certificate;
    if (trust.has(last)) continue;
    const issuers = new Map([...trust.namedAsIssuer(last), ...others].map((one) => [one.fingerprint256, one]));
    for (const issuer of issuers.values()) {
      if (paths.length >= MOST_PATHS) break;
      if (!path.some((one) => isSameEntity(one, issuer)) && isSigned(last, issuer)) paths.push([...path, issuer]);
    }
  }
  return paths.map((path) => ({ certificates: path, trusted: trust.has(path.at(-1) as X509Certificate) }));
}

/** The same name with the same key: a way that comes by twice leads in a circle, whatever certificate it takes. */
function isSameEntity(one: X509Certificate, other: X509Certificate): boolean {
  if (one.fingerprint256 === other.fingerprint256) return true;
  return one.subject === other.subject && spkiOf(one) === spkiOf(other);
}

const keys = new WeakMap<X509Certificate, string>();

function spkiOf(certificate: X509Certificate): string {
  const known = keys.get(certificate) ?? exportKey(certificate);
  keys.set(certificate, known);
  return known;
}

function exportKey(certificate: X509Certificate): string {
  try {
    return certificate.publicKey.export({ type: "spki", format: "der" }).toString("base64");
  } catch {
    // A key that OpenSSL does not know: the certificate is only the same as itself.
    return certificate.fingerprint256;
  }
}
