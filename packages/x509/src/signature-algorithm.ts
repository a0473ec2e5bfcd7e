import type { X509Certificate } from "node:crypto";
import { RsaSaPssParams } from "@peculiar/asn1-rsa";
import { AsnParser } from "@peculiar/asn1-schema";
import type { AlgorithmIdentifier } from "@peculiar/asn1-x509";

const RSASSA_PSS = "1.2.840.113549.1.1.10";
const HASHES: Readonly<Record<string, string>> = {
  "1.2.840.113549.2.5": "MD5",
  "1.3.14.3.2.26": "SHA1",
  "2.16.840.1.101.3.4.2.1": "SHA256",
  "2.16.840.1.101.3.4.2.2": "SHA384",
  "2.16.840.1.101.3.4.2.3": "SHA512",
  "2.16.840.1.101.3.4.2.4": "SHA224",
};

/**
 * OpenSSL's name of the algorithm that signed a certificate; of RSASSA-PSS, which names its hash in its parameters, with the
 * hash behind it: `rsassaPss-with-SHA256`. Throws for parameters that cannot be read.
 */
export function signatureAlgorithmOf(certificate: X509Certificate, algorithm: AlgorithmIdentifier): string {
  const name = certificate.signatureAlgorithm ?? certificate.signatureAlgorithmOid;
  if (algorithm.algorithm !== RSASSA_PSS) return name;
  // Without parameters the hash is the default of RFC 4055 §3.1, which is SHA-1.
  const parameters = algorithm.parameters
    ? AsnParser.parse(algorithm.parameters, RsaSaPssParams)
    : new RsaSaPssParams();
  const hash = parameters.hashAlgorithm.algorithm;
  return `${name}-with-${HASHES[hash] ?? hash}`;
}

/** True for a signature that others can forge: its hash is MD5 or SHA-1. `name` as `signatureAlgorithmOf` gives it. */
export function isWeakSignature(name: string): boolean {
  return /sha-?1(?!\d)|md[245]/i.test(name);
}
