import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";

/** Which certificates a handshake accepts: the server's own choice, or only those with one kind of key. */
export type Offer = "any" | "rsa" | "ecdsa";

/*
 * What is offered is wide on purpose (security level 0, TLS 1.0): a register of certificates must also see the weak ones, and
 * nothing is ever sent over these connections. Anonymous and pre-shared-key suites have no certificates and are left out.
 */
const ANY_CIPHERS = "DEFAULT:ALL:!aNULL:!eNULL:!PSK:!SRP:@SECLEVEL=0";

/*
 * TLS 1.3 chooses the certificate by the signature algorithms, 1.2 and older by the cipher suite. The PKCS #1 algorithms in
 * the ECDSA offer cannot sign a TLS 1.3 handshake (RFC 8446 §4.2.3): they only say that a chain may be signed with RSA.
 */
const RSA_SIGNATURES =
  "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:" +
  "RSA+SHA256:RSA+SHA384:RSA+SHA512:RSA+SHA224:RSA+SHA1";
const ECDSA_SIGNATURES = "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512:ECDSA+SHA1";

/** One context for each offer, to be used for all handshakes of a run. `roots` are PEM texts; OpenSSL judges chains by them. */
export function createContexts(roots: readonly string[]): Readonly<Record<Offer, SecureContext>> {
  const shared: SecureContextOptions = { ca: [...roots], minVersion: "TLSv1", maxVersion: "TLSv1.3" };
  return {
    any: createSecureContext({ ...shared, ciphers: ANY_CIPHERS }),
    rsa: createSecureContext({ ...shared, ciphers: withTls13("aRSA:!eNULL:!PSK:!SRP"), sigalgs: RSA_SIGNATURES }),
    ecdsa: createSecureContext({ ...shared, ciphers: withTls13("aECDSA:!eNULL:!PSK"), sigalgs: ECDSA_SIGNATURES }),
  };
}

function withTls13(ciphers: string): string {
  return `TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:${ciphers}:@SECLEVEL=0`;
}
