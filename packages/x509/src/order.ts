import type { X509Certificate } from "node:crypto";
import { type Problem, problem, toLink } from "./problem.ts";
import type { IsSigned } from "./signatures.ts";

/**
 * Each certificate must certify the one before it (RFC 5246 §7.4.2), apart from those that have nothing to do with the chain or
 * come twice. TLS 1.3 forgives both, but not every client does.
 */
export function orderProblems(chain: readonly X509Certificate[], isSigned: IsSigned): Problem[] {
  const related = relatedTo(chain, isSigned);
  const found: Problem[] = [];
  let previous = chain[0];
  for (const [index, certificate] of chain.slice(1).entries()) {
    const link = toLink(certificate);
    const what = `${link.subject} at position ${index + 1}`;
    if (!related.delete(certificate.fingerprint256)) {
      found.push(problem("extra_certificate", link, `${what} is not needed`));
      continue;
    }
    if (previous && !isSigned(previous, certificate)) {
      found.push(problem("chain_order", link, `${what} did not sign the one before it`));
    }
    previous = certificate;
  }
  return found;
}

/** Fingerprints of the certificates that signed the server's, or one that did, and so on. */
export function relatedTo(chain: readonly X509Certificate[], isSigned: IsSigned): Set<string> {
  const [leaf, ...others] = chain;
  const found = new Set<string>();
  const queue = leaf ? [leaf] : [];
  for (const child of queue) {
    for (const other of others) {
      if (found.has(other.fingerprint256) || other.fingerprint256 === leaf?.fingerprint256) continue;
      if (!isSigned(child, other)) continue;
      found.add(other.fingerprint256);
      queue.push(other);
    }
  }
  return found;
}
