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
  type X509Certificate,
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

export interface CertificateSpec {
  readonly commonName: string;
  readonly purpose: "authority" | "server" | "client";
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Self-signed without it. */
  readonly issuer?: Issued;
  /** A fresh P-256 pair without it. */
  readonly keys?: webcrypto.CryptoKeyPair;
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

/** A certificate by the profile of RFC 5280 for its purpose. The issuer's key must be P-256. */
export async function issueCertificate(spec: CertificateSpec): Promise<Issued> {
  const keys = spec.keys ?? (await ecdsaKeys());
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
    fingerprint: Buffer.from(await certificate.getThumbprint("SHA-256")).toString("hex"),
  };
}

/** PEM blocks one after the other, as a server sends its chain. */
export function chainPem(chain: readonly Issued[]): string {
  return chain.map(({ pem }) => pem).join("\n");
}
