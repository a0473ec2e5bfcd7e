import { refusalOf } from "./name-constraints.ts";
import type { CertificateName } from "./names.ts";
import { type Link, type Problem, problem } from "./problem.ts";

/** Purposes of servers; the latter two are how the first browsers wrote it. "Any purpose" is not enough for OpenSSL and browsers. */
const SERVER_PURPOSES = new Set(["1.3.6.1.5.5.7.3.1", "2.16.840.1.113730.4.1", "1.3.6.1.4.1.311.10.3.3"]);

/** Any of them lets a server prove that it has the key (RFC 5246 §7.4.2, RFC 8446 §4.4.2.2). */
const SERVER_USAGES = ["digitalSignature", "keyEncipherment", "keyAgreement"];

/**
 * Everything that makes clients refuse a path, whether it leads to a trusted root or not (RFC 5280 §6.1): times, basic
 * constraints, path lengths, key usage, extended key usage, critical extensions, name constraints. The trust anchor is judged
 * like the others, as OpenSSL does it. Policies are not: any is accepted. `links` begin with the server's certificate.
 */
export function judgePath(links: readonly Link[], now: Date): Problem[] {
  return [
    ...links.flatMap((link) => validity(link, now)),
    ...links.flatMap(wrongUsage),
    ...links.flatMap((link, index) => (index === 0 ? [] : issuing(link, index, links))),
    ...links.flatMap(notUnderstood),
    ...forbiddenNames(links),
  ];
}

function validity(link: Link, now: Date): Problem[] {
  if (!link.read) return [];
  const { notBefore, notAfter, subject } = link.read.facts;
  return [
    ...(notAfter < now ? [problem("expired", link, `${subject} ended on ${notAfter.toISOString()}`)] : []),
    ...(notBefore > now ? [problem("not_yet_valid", link, `${subject} begins on ${notBefore.toISOString()}`)] : []),
  ];
}

function wrongUsage(link: Link, index: number): Problem[] {
  if (!link.read) return [];
  const { facts, extensions } = link.read;
  const found: Problem[] = [];
  if (extensions.purposes && !extensions.purposes.some((oid) => SERVER_PURPOSES.has(oid))) {
    const purposes = facts.extendedKeyUsages.join(", ") || "nothing";
    found.push(problem("wrong_usage", link, `${facts.subject} is for ${purposes}, not for servers`));
  }
  const { keyUsages } = extensions;
  if (index === 0 && keyUsages && !SERVER_USAGES.some((usage) => keyUsages.includes(usage))) {
    const usages = keyUsages.join(", ") || "nothing";
    found.push(
      problem("wrong_usage", link, `the key of ${facts.subject} is for ${usages}, not for a server's handshake`),
    );
  }
  return found;
}

/** Whether this link may certify the one before it. */
function issuing(link: Link, index: number, links: readonly Link[]): Problem[] {
  if (!link.read) return [];
  const below = links[index - 1] as Link;
  const { extensions, facts, version } = link.read;
  const found: Problem[] = [];
  // Roots of version 1 have no extensions; that they may sign is said by whoever trusts them.
  const isOldRoot = version < 3 && facts.selfSigned && index === links.length - 1;
  if (extensions.basicConstraints?.ca !== true && !isOldRoot) {
    found.push(
      problem("issuer_not_ca", link, `${facts.subject} signed ${below.subject}, and is no certificate authority`),
    );
  }
  const { keyUsages } = extensions;
  if (keyUsages && !keyUsages.includes("keyCertSign")) {
    const usages = keyUsages.join(", ") || "nothing";
    const message = `${facts.subject} signed ${below.subject}; its key is for ${usages}, not for signing certificates`;
    found.push(problem("issuer_may_not_sign", link, message));
  }
  if (isMeantForAnother(below, link)) {
    const message = `${below.subject} names another key identifier or serial number for its issuer than ${facts.subject} has`;
    found.push(problem("key_identifier_mismatch", below, message));
  }
  const limit = extensions.basicConstraints?.pathLength;
  const between = links.slice(1, index).filter((one) => !isSelfIssued(one)).length;
  if (limit !== undefined && between > limit) {
    const message = `${facts.subject} allows ${limit} authorities below it; there are ${between}`;
    found.push(problem("path_too_long", link, message));
  }
  return found;
}

/** Identifiers only help to find an issuer (RFC 5280 §4.2.1.1), but OpenSSL takes none with others, though its key signed. */
function isMeantForAnother(below: Link, link: Link): boolean {
  const wanted = below.read?.extensions.issuerIdentifier;
  if (!wanted || !link.read) return false;
  const { keyIdentifier } = link.read.extensions;
  const differs = (one: string | undefined, other: string | undefined) =>
    one !== undefined && other !== undefined && one !== other;
  const serial = (text: string | undefined) => text?.toLowerCase().replace(/^0+(?=.)/, "");
  const { serialNumber } = link.read.facts;
  return differs(wanted.key, keyIdentifier) || differs(serial(wanted.serial), serial(serialNumber));
}

function notUnderstood(link: Link): Problem[] {
  if (!link.read) return [problem("unreadable_certificate", link, `${link.subject}: ${link.reason}`)];
  const { subject } = link.read.facts;
  const { unknownCritical, unreadable } = link.read.extensions;
  const list = (oids: readonly string[]) => oids.slice(0, 5).join(", ") + (oids.length > 5 ? " and others" : "");
  return [
    ...(unknownCritical.length > 0
      ? [problem("unknown_critical_extension", link, `${subject} demands that ${list(unknownCritical)} is understood`)]
      : []),
    ...(unreadable.length > 0
      ? [problem("unreadable_extension", link, `${subject} has ${list(unreadable)} in a form that cannot be read`)]
      : []),
  ];
}

/** Each authority's constraints count for all certificates below it, but for authorities that renew themselves. */
function forbiddenNames(links: readonly Link[]): Problem[] {
  return links.flatMap((link, index) => {
    if (!link.read || (index > 0 && isSelfIssued(link))) return [];
    const names = namesOf(link, index);
    const above = links.slice(index + 1);
    for (const { read, subject } of above) {
      const constraints = read?.extensions.nameConstraints;
      if (!constraints) continue;
      for (const name of names) {
        const refusal = refusalOf(name, constraints);
        if (refusal) return [problem("name_not_permitted", link, `${refusal} (name constraints of ${subject})`)];
      }
    }
    return [];
  });
}

const HOST_NAME = /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/i;

/** The alternative names, the subject itself, and what old clients read out of it. */
function namesOf(link: Link, index: number): CertificateName[] {
  const { read } = link;
  if (!read) return [];
  const { names } = read.extensions;
  const { subject, commonName } = read.facts;
  const found: CertificateName[] = [...names];
  found.push(...read.subjectEmails.map((text) => ({ form: "email", text }) as const));
  if (read.subjectPath.length > 0) found.push({ form: "directory", text: subject, path: read.subjectPath });
  const asHost = index === 0 && !names.some((name) => name.form === "dns") && HOST_NAME.test(commonName ?? "");
  if (asHost && commonName !== undefined) found.push({ form: "dns", text: commonName });
  return found;
}

function isSelfIssued({ read }: Link): boolean {
  return read !== undefined && read.subjectPath.join("\n") === read.issuerPath.join("\n");
}
