import "reflect-metadata";
import { X509Certificate as NodeCertificate, type webcrypto } from "node:crypto";
import { type Issued as Certified, ecdsaKeys, rsaKeys } from "@cadastre/simulator/tls/certificates";
import { ocspResponse } from "@cadastre/simulator/tls/staple";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralNames,
  Name,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { BasicOCSPResponse, Certificate, OCSPResponse } from "pkijs";

/** The day on which the tests take place. OpenSSL judges by the system's clock as well, so it is not made up. */
export const TODAY = new Date();
const DAY_MILLISECONDS = 86_400_000;
export const day = (days: number) => new Date(TODAY.getTime() + days * DAY_MILLISECONDS);

export interface Issued extends Certified {
  readonly x509: NodeCertificate;
}

interface IssueOptions {
  readonly subject: string | Name;
  readonly names?: JsonGeneralNames;
  /** Self-signed without it. */
  readonly issuer?: Issued;
  readonly keys?: webcrypto.CryptoKeyPair;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly ca?: boolean;
  readonly pathLength?: number;
  readonly purposes?: readonly string[];
  readonly extensions?: readonly Extension[];
}

export { rsaKeys };

export async function ed25519Keys(): Promise<webcrypto.CryptoKeyPair> {
  return (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
}

/** Issues any certificate, sensible or not: what the simulator's profile has no room for. */
export async function issue(options: IssueOptions): Promise<Issued> {
  const keys = options.keys ?? (await ecdsaKeys());
  const signer = options.issuer?.keys ?? keys;
  const subject = options.subject instanceof Name ? options.subject : new Name(options.subject);
  const certificate = await X509CertificateGenerator.create({
    subject,
    issuer: options.issuer?.certificate.subjectName ?? subject,
    notBefore: options.notBefore ?? day(-30),
    notAfter: options.notAfter ?? day(60),
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: { name: signer.privateKey.algorithm.name, hash: "SHA-256" },
    extensions: [
      ...(options.ca ? [new BasicConstraintsExtension(true, options.pathLength, true)] : []),
      ...(options.names ? [new SubjectAlternativeNameExtension(options.names)] : []),
      ...(options.purposes ? [new ExtendedKeyUsageExtension([...options.purposes])] : []),
      ...(options.extensions ?? []),
    ],
  });
  const x509 = new NodeCertificate(Buffer.from(certificate.rawData));
  return {
    certificate,
    x509,
    keys,
    pem: certificate.toString("pem"),
    keyPem: PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY"),
    fingerprint: x509.fingerprint256.replaceAll(":", "").toLowerCase(),
  };
}

export interface Authority {
  readonly root: Issued;
  readonly intermediate: Issued;
}

export async function anAuthority(name = "Test"): Promise<Authority> {
  const root = await issue({ subject: `CN=${name} Root`, ca: true, notAfter: day(3650) });
  const intermediate = await issue({ subject: `CN=${name} Intermediate`, ca: true, issuer: root, notAfter: day(1000) });
  return { root, intermediate };
}

/** A server certificate for `leaf.example`. */
export function aLeaf(issuer: Issued | undefined, rest: Partial<IssueOptions> = {}): Promise<Issued> {
  const names: JsonGeneralNames = [{ type: "dns", value: "leaf.example" }];
  return issue({ subject: "CN=leaf.example", names, ...(issuer ? { issuer } : {}), ...rest });
}

interface StapleSpec {
  readonly subject: Issued;
  readonly issuer: Issued;
  readonly status?: "good" | "revoked";
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date;
  /** Signs in the issuer's place, and is sent along. */
  readonly responder?: Issued;
  /** The third answer of RFC 6960, which the simulator never gives. */
  readonly unknown?: boolean;
}

/** DER of an OCSP response. */
export async function aStaple(spec: StapleSpec): Promise<Buffer> {
  const { subject, issuer, status = "good", thisUpdate = day(-1), nextUpdate = day(6) } = spec;
  const der = await ocspResponse({ subject, issuer, status, thisUpdate, nextUpdate });
  if (!spec.responder && !spec.unknown) return der;
  const response = OCSPResponse.fromBER(Uint8Array.from(der));
  const bytes = response.responseBytes;
  if (!bytes) throw new Error("the response holds nothing");
  const basic = BasicOCSPResponse.fromBER(Uint8Array.from(bytes.response.valueBlock.valueHexView));
  const [single] = basic.tbsResponseData.responses;
  if (spec.unknown && single) single.certStatus.idBlock.tagNumber = 2;
  if (spec.responder) basic.certs = [Certificate.fromBER(spec.responder.certificate.rawData)];
  await basic.sign((spec.responder ?? issuer).keys.privateKey, "SHA-256");
  bytes.response.valueBlock.valueHexView = new Uint8Array(basic.toSchema().toBER());
  return Buffer.from(response.toSchema().toBER());
}
