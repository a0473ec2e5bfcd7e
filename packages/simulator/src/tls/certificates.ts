import "reflect-metadata";
import { randomBytes, type webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

export interface Issued {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  /** The certificate alone. */
  readonly pem: string;
  /** PKCS #8. */
  readonly keyPem: string;
  /** SHA-256 over the certificate, lower-case hexadecimal. */
  readonly fingerprint: string;
}

export type KeyType = "P-256" | "RSA-1024" | "RSA-2048";

export interface CertificateSpec {
  readonly commonName: string;
  readonly purpose: "authority" | "server" | "client";
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Self-signed without it. */
  readonly issuer?: Issued;
  /** Default P-256. */
  readonly keyType?: KeyType;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  /** The hash of the issuer's signature. Default SHA-256. */
  readonly hash?: "SHA-256" | "SHA-1";
}

export async function ecdsaKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
}

export async function rsaKeys(modulusLength: 1024 | 2048): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(
    { name: "RSASSA-PKCS1-v1_5", modulusLength, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
    true,
    ["sign", "verify"],
  );
}

const keysOf = {
  "P-256": ecdsaKeys,
  "RSA-1024": () => rsaKeys(1024),
  "RSA-2048": () => rsaKeys(2048),
} satisfies Record<KeyType, () => Promise<webcrypto.CryptoKeyPair>>;

/** A certificate by the profile of RFC 5280 for its purpose, with a fresh key. The issuer's key must be P-256. */
export async function issueCertificate(spec: CertificateSpec): Promise<Issued> {
  const keys = await keysOf[spec.keyType ?? "P-256"]();
  const subject = `CN=${spec.commonName}, O=Cadastre Simulator`;
  const names = [
    ...(spec.dnsNames ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(spec.ipAddresses ?? []).map((value) => ({ type: "ip" as const, value })),
  ];
  const isAuthority = spec.purpose === "authority";
  const usage = isAuthority ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign : KeyUsageFlags.digitalSignature;
  const extendedUsage = spec.purpose === "client" ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth;
  const signer = spec.issuer?.keys ?? keys;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: `00${randomBytes(15).toString("hex")}`,
    subject,
    issuer: spec.issuer?.certificate.subject ?? subject,
    notBefore: spec.notBefore,
    notAfter: spec.notAfter,
    signingAlgorithm: { name: signer.privateKey.algorithm.name, hash: spec.hash ?? "SHA-256" },
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    extensions: [
      new BasicConstraintsExtension(isAuthority, undefined, true),
      new KeyUsagesExtension(usage, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...(isAuthority ? [] : [new ExtendedKeyUsageExtension([extendedUsage])]),
      ...(names.length ? [new SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return {
    certificate,
    keys,
    pem: certificate.toString("pem"),
    keyPem: PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY"),
    fingerprint: await fingerprintOf(certificate),
  };
}

/** A certificate and its key (P-256 or RSA) from their PEM; rejects when either cannot be read or is of another kind. */
export async function restoreCertificate(stored: Pick<Issued, "pem" | "keyPem">): Promise<Issued> {
  const certificate = new X509Certificate(stored.pem);
  const publicKey = await certificate.publicKey.export();
  const [pkcs8] = PemConverter.decode(stored.keyPem);
  if (!pkcs8) throw new Error("holds a key that is no PEM");
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, publicKey.algorithm, true, ["sign"]);
  return { ...stored, certificate, keys: { publicKey, privateKey }, fingerprint: await fingerprintOf(certificate) };
}

async function fingerprintOf(certificate: X509Certificate): Promise<string> {
  return Buffer.from(await certificate.getThumbprint("SHA-256")).toString("hex");
}

/** PEM blocks one after the other, as a server sends its chain. */
export function chainPem(chain: readonly Issued[]): string {
  return chain.map(({ pem }) => pem).join("\n");
}
