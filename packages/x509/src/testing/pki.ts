import "reflect-metadata";
import { KeyObject, X509Certificate as NodeCertificate, sign, type webcrypto } from "node:crypto";
import { type Issued as Certified, ecdsaKeys, rsaKeys } from "@cadastre/simulator/tls/certificates";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralNames,
  Name,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { BitString, fromBER, Sequence, UTCTime } from "asn1js";
import { childrenOf } from "../asn1.ts";

/** The day on which the tests take place. OpenSSL judges by the system's clock as well, so it is not made up. */
export const TODAY = new Date();
const DAY_MILLISECONDS = 86_400_000;
export const day = (days: number) => new Date(TODAY.getTime() + days * DAY_MILLISECONDS);

export interface Issued extends Certified {
  readonly x509: NodeCertificate;
}

export interface IssueOptions {
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
  /** Default SHA-256. */
  readonly hash?: "SHA-256" | "SHA-1";
}

export { ecdsaKeys, rsaKeys };

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
    signingAlgorithm: { name: signer.privateKey.algorithm.name, hash: options.hash ?? "SHA-256", saltLength: 32 },
    extensions: [
      ...(options.ca ? [new BasicConstraintsExtension(true, options.pathLength, true)] : []),
      ...(options.names ? [new SubjectAlternativeNameExtension(options.names)] : []),
      ...(options.purposes ? [new ExtendedKeyUsageExtension([...options.purposes])] : []),
      ...(options.extensions ?? []),
    ],
  });
  return toIssued(certificate, keys);
}

async function toIssued(certificate: X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<Issued> {
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

/** RSA keys whose signatures are RSASSA-PSS over this hash. */
export function pssKeys(hash: "SHA-256" | "SHA-1"): Promise<webcrypto.CryptoKeyPair> {
  const publicExponent = new Uint8Array([1, 0, 1]);
  return crypto.subtle.generateKey({ name: "RSA-PSS", modulusLength: 2048, publicExponent, hash }, true, [
    "sign",
    "verify",
  ]);
}

interface WrittenTimes {
  /** What stands in the two UTCTime fields. */
  readonly notBefore: string;
  readonly notAfter: string;
}

/** The same certificate with times that no library writes, signed anew by its issuer, whose key must be P-256. */
export async function withTimes(issued: Issued, issuer: Issued, times: WrittenTimes): Promise<Issued> {
  const [tbs, algorithm] = childrenOf(fromBER(issued.x509.raw).result) as [Sequence, Sequence];
  const fields = tbs.valueBlock.value;
  const place = fields.findIndex((field) => field instanceof Sequence && childrenOf(field)[0] instanceof UTCTime);
  const written = [times.notBefore, times.notAfter].map((text) => fromBER(utcTime(text)).result);
  fields[place] = new Sequence({ value: written });
  const body = tbs.toBER();
  const signature = sign("sha256", Buffer.from(body), KeyObject.from(issuer.keys.privateKey));
  const valueHex = Uint8Array.from(signature).buffer;
  const whole = new Sequence({ value: [fromBER(body).result, algorithm, new BitString({ valueHex })] });
  return toIssued(new X509Certificate(whole.toBER()), issued.keys);
}

function utcTime(text: string): Uint8Array {
  return Uint8Array.from([0x17, text.length, ...Buffer.from(text, "latin1")]);
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
