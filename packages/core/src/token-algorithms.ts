/**
 * What signatures of others' JSON Web Tokens are taken: by a public key of theirs alone. No `none`, and none of HMAC, for which a public key, or a secret
 * that we know, too, would do (RFC 8725 §3.1).
 */
export const TOKEN_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
