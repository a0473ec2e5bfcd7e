import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { type CertificateFacts, readCertificate } from "./certificate-facts.ts";
import { certificateId, clip } from "./convert.ts";
import type { HandshakeRecord } from "./failure.ts";
import { readStaple, type StapleStatus } from "./ocsp.ts";
import { createSignatureCheck, findPath, type IsSigned, type Path, type Trust } from "./trust.ts";

export type Finding = NonNullable<HandshakeRecord["findings"]>[number];

interface VerifyOptions {
  /** As the server sent it, its own certificate first. */
  readonly chain: readonly X509Certificate[];
  /** The host name or address that the certificate must be for. */
  readonly name: string;
  readonly trust: Trust;
  readonly now: Date;
  readonly staple: Uint8Array | undefined;
  /** OpenSSL's verdict, looked at for what is not checked here (path lengths, name constraints). */
  readonly verdict: string | undefined;
}

export interface Verification {
  readonly findings: readonly Finding[];
  readonly staple: StapleStatus;
}

interface Link {
  readonly certificate: X509Certificate;
  readonly facts: CertificateFacts;
}

const RSA_MINIMUM_BITS = 2048;
const CURVE_MINIMUM_BITS = 224;

/**
 * Everything that is wrong with a chain, not just the first: validity, name, trust, order, keys, signatures, revocation by the
 * staple. The texts hold no times of the check, so that they change only when something does.
 */
export async function verifyChain(options: VerifyOptions): Promise<Verification> {
  const { chain, trust, now } = options;
  const isSigned = createSignatureCheck();
  const path = findPath({ chain, trust, now, isSigned });
  const links = path.certificates.map((certificate) => ({ certificate, facts: readCertificate(certificate) }));
  const [leaf] = links;
  if (!leaf) return { findings: [], staple: "none" };
  const issuer = links[1]?.certificate;
  const staple = await readStaple({ staple: options.staple, certificate: leaf.certificate, issuer, now });
  const findings = [
    ...links.flatMap((link) => validity(link, now)),
    ...wrongName(leaf, options.name),
    ...wrongUsage(leaf),
    ...notTrusted(links, path),
    ...links.flatMap((link) => (trust.has(link.certificate) && link !== leaf ? [] : weakness(link))),
    ...wrongOrder(chain, isSigned),
    ...(staple === "revoked" ? [finding("revoked", leaf, "the stapled OCSP response says that it was revoked")] : []),
    ...fromVerdict(options.verdict, leaf),
  ];
  return { findings: unique(findings), staple };
}

function finding(code: string, link: Link, message: string): Finding {
  return { code, message: clip(message), certificate: certificateId(link.facts) };
}

function validity(link: Link, now: Date): Finding[] {
  const { notBefore, notAfter, subject } = link.facts;
  if (notAfter < now) return [finding("expired", link, `${subject} ended on ${notAfter.toISOString()}`)];
  if (notBefore > now) return [finding("not_yet_valid", link, `${subject} begins on ${notBefore.toISOString()}`)];
  return [];
}

/** The common name does not count (RFC 9525 §2); clients have stopped looking at it. */
function wrongName(leaf: Link, name: string): Finding[] {
  const { certificate, facts } = leaf;
  const matches = isIP(name)
    ? certificate.checkIP(name)
    : certificate.checkHost(name, { subject: "never", wildcards: true, partialWildcards: false });
  if (matches !== undefined) return [];
  const names = facts.subjectAltNames.slice(0, 5).map((one) => JSON.stringify(one));
  const more = facts.subjectAltNames.length > names.length ? " and others" : "";
  const given = names.length > 0 ? `is for ${names.join(", ")}${more}` : "has no subject alternative name";
  return [finding("wrong_name", leaf, `the certificate ${given}, not for ${name}`)];
}

function wrongUsage(leaf: Link): Finding[] {
  const purposes = leaf.facts.extendedKeyUsages;
  if (purposes.length === 0 || purposes.includes("serverAuth") || purposes.includes("anyExtendedKeyUsage")) return [];
  return [finding("wrong_usage", leaf, `the certificate is for ${purposes.join(", ")}, not for servers`)];
}

/** A root need not be sent, so a missing one looks like an untrusted one; a lone certificate of another's making is the sure case. */
function notTrusted(links: readonly Link[], path: Path): Finding[] {
  const last = links.at(-1);
  if (path.trusted || !last) return [];
  const { subject, issuer, selfSigned } = last.facts;
  if (links.length === 1) {
    return selfSigned
      ? [finding("self_signed", last, `${subject} is signed by itself and not trusted`)]
      : [finding("missing_intermediate", last, `the certificate of its issuer, ${issuer}, was not sent`)];
  }
  const root = selfSigned ? subject : issuer;
  return [finding("untrusted_root", last, `the chain ends in ${root}, which is not a trusted root`)];
}

function weakness(link: Link): Finding[] {
  const { keyAlgorithm, keySizeBits, keyCurve, signatureAlgorithm, selfSigned, subject } = link.facts;
  const curveBits = Number(/\d{3}/.exec(keyCurve ?? "")?.[0] ?? Number.POSITIVE_INFINITY);
  const weakKey = (keySizeBits ?? Number.POSITIVE_INFINITY) < RSA_MINIMUM_BITS || curveBits < CURVE_MINIMUM_BITS;
  const size = keyCurve ?? `${keySizeBits} bits`;
  return [
    ...(weakKey ? [finding("weak_key", link, `${subject} has a key of ${keyAlgorithm}, ${size}`)] : []),
    // Nobody relies on a self-made signature.
    ...(!selfSigned && /sha-?1(?!\d)|md[245]/i.test(signatureAlgorithm)
      ? [finding("weak_signature", link, `${subject} is signed with ${signatureAlgorithm}`)]
      : []),
  ];
}

/**
 * Each certificate must certify the one before it (RFC 5246 §7.4.2), apart from those that have nothing to do with the chain or
 * come twice. TLS 1.3 forgives both, but not every client does.
 */
function wrongOrder(chain: readonly X509Certificate[], isSigned: IsSigned): Finding[] {
  const related = relatedTo(chain, isSigned);
  const findings: Finding[] = [];
  let previous = chain[0];
  for (const [index, certificate] of chain.slice(1).entries()) {
    const link = { certificate, facts: readCertificate(certificate) };
    const what = `${link.facts.subject} at position ${index + 1}`;
    if (!related.delete(certificate.fingerprint256)) {
      findings.push(finding("extra_certificate", link, `${what} is not needed`));
      continue;
    }
    if (previous && !isSigned(previous, certificate)) {
      findings.push(finding("chain_order", link, `${what} did not sign the one before it`));
    }
    previous = certificate;
  }
  return findings;
}

/** Fingerprints of the certificates that signed the server's, or one that did, and so on. */
function relatedTo(chain: readonly X509Certificate[], isSigned: IsSigned): Set<string> {
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

/** OpenSSL names one problem only. These have a code of their own here. */
const VERDICTS: Readonly<Record<string, string>> = {
  INVALID_PURPOSE: "wrong_usage",
  PATH_LENGTH_EXCEEDED: "path_too_long",
  PERMITTED_VIOLATION: "name_not_permitted",
  EXCLUDED_VIOLATION: "name_not_permitted",
};

/** These are judged above, by our own clock and roots. */
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

function fromVerdict(verdict: string | undefined, leaf: Link): Finding[] {
  if (verdict === undefined || JUDGED.has(verdict)) return [];
  return [finding(VERDICTS[verdict] ?? "verification_failed", leaf, `OpenSSL refuses the chain: ${verdict}`)];
}

function unique(findings: readonly Finding[]): Finding[] {
  const byKey = new Map<string, Finding>();
  for (const one of findings) {
    const key = `${one.code} ${one.certificate}`;
    if (!byKey.has(key)) byKey.set(key, one);
  }
  return [...byKey.values()];
}
