import type { ResourceInput } from "@cadastre/contract/resource";
import type { CertificateFacts } from "@cadastre/x509/certificate";
import type { HandshakeRecord } from "./failure.ts";
import type { TlsTarget } from "./targets.ts";

export type CertificateResource = ResourceInput<"certificate">;
export type EndpointResource = ResourceInput<"endpoint">;
type EndpointOutcome = EndpointResource["attributes"]["outcome"];

/** The longest text that the contract takes; a certificate may hold longer ones. */
const TEXT_LENGTH = 1024;

/**
 * A text that the other side wrote, as the contract takes it: longer ones are cut and end in an ellipsis, and halves of
 * surrogate pairs (a BMPString may hold them) are replaced, because they have no canonical bytes.
 */
export function clip(text: string): string {
  const short = text.length <= TEXT_LENGTH ? text : `${text.slice(0, TEXT_LENGTH - 1)}…`;
  return short.toWellFormed();
}

/** Natural id of a certificate by its fingerprint. */
export function certificateId(fingerprint: string): string {
  return `sha256:${fingerprint}`;
}

/** A certificate with the rest of its chain as the server sent it, from position 1 on; undefined where one cannot be read. */
export function toCertificate(
  facts: CertificateFacts,
  rest: readonly (CertificateFacts | undefined)[],
): CertificateResource {
  const { commonName, keySizeBits, keyCurve, ...plain } = facts;
  return {
    id: certificateId(facts.fingerprint),
    name: clip(facts.subjectAltNames[0] ?? commonName ?? facts.subject),
    attributes: {
      ...plain,
      subject: clip(facts.subject),
      issuer: clip(facts.issuer),
      subjectAltNames: facts.subjectAltNames.map(clip),
      notBefore: facts.notBefore.toISOString(),
      notAfter: facts.notAfter.toISOString(),
      ...(keySizeBits === undefined ? {} : { keySizeBits }),
      ...(keyCurve === undefined ? {} : { keyCurve }),
      keyUsages: [...facts.keyUsages],
      extendedKeyUsages: [...facts.extendedKeyUsages],
      ocspUrls: facts.ocspUrls.map(clip),
      issuerUrls: facts.issuerUrls.map(clip),
      chain: rest.flatMap((issuer, index) => (issuer ? [toChainEntry(issuer, index + 1)] : [])),
    },
  };
}

function toChainEntry({ fingerprint, subject, issuer, notAfter }: CertificateFacts, position: number) {
  return { position, fingerprint, subject: clip(subject), issuer: clip(issuer), notAfter: notAfter.toISOString() };
}

/**
 * Servers may send one certificate with different chains. The longest is kept, then the one with the smallest fingerprints, so
 * that the answer does not depend on which server was faster.
 */
export function preferredChain(one: CertificateResource, other: CertificateResource): CertificateResource {
  const chain = (resource: CertificateResource) => resource.attributes.chain ?? [];
  const order = (resource: CertificateResource) =>
    chain(resource)
      .map((entry) => entry.fingerprint)
      .join();
  if (chain(one).length !== chain(other).length) return chain(one).length > chain(other).length ? one : other;
  return order(one) <= order(other) ? one : other;
}

interface EndpointFacts {
  readonly target: TlsTarget;
  readonly outcome: EndpointOutcome;
  readonly detail?: string;
  readonly handshakes: readonly HandshakeRecord[];
  readonly checkedAt: Date;
  readonly milliseconds?: number;
}

/** An endpoint; when it was checked and how long it took never make a change. */
export function toEndpoint(facts: EndpointFacts): EndpointResource {
  const { target, outcome, detail, milliseconds } = facts;
  return {
    id: target.id,
    name: target.name,
    attributes: {
      host: target.host,
      port: target.port,
      ...(target.sni === undefined ? {} : { sni: target.sni }),
      protocol: "tls",
      outcome,
      ...(detail === undefined ? {} : { detail: clip(detail) }),
      handshakes: [...facts.handshakes],
    },
    volatile: {
      checkedAt: facts.checkedAt.toISOString(),
      ...(milliseconds === undefined ? {} : { handshakeMilliseconds: milliseconds }),
    },
  };
}

/** The outcome over all addresses: partly when some gave a certificate and some did not. */
export function endpointOutcome(handshakes: readonly HandshakeRecord[]): EndpointOutcome {
  const good = handshakes.filter(isExamined).length;
  if (good === handshakes.length) return "ok";
  if (good > 0) return "partly";
  return handshakes.every((handshake) => handshake.outcome === "blocked") ? "blocked" : "failed";
}

/** True when the handshake went as far as it can for us and showed a certificate. */
export function isExamined(handshake: HandshakeRecord): boolean {
  const done = handshake.outcome === "ok" || handshake.outcome === "client_certificate_required";
  return done && (handshake.presented ?? []).length > 0;
}
