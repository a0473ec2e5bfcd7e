import type { ResourceInput } from "@cadastre/contract/resource";

export type HandshakeRecord = NonNullable<ResourceInput<"endpoint">["attributes"]["handshakes"]>[number];
export type HandshakeOutcome = HandshakeRecord["outcome"];

/** Alerts by which a server answers a client that sent no certificate, beside `certificate_required` (RFC 8446 §6.2). */
const CLIENT_CERTIFICATE_ALERT =
  /ALERT_(?:CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|(?:NO|BAD)_CERTIFICATE|CERTIFICATE_UNKNOWN|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED|UNKNOWN_CA)$/;

/** What OpenSSL says when the first bytes are not a TLS record: HTTP, SSH or SMTP greetings, noise. */
const NOT_TLS = new Set([
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
  "ERR_SSL_HTTP_REQUEST",
  "ERR_SSL_RECORD_LAYER_FAILURE",
  "ERR_SSL_UNEXPECTED_RECORD",
]);

const CONNECTION: Readonly<Record<string, HandshakeOutcome>> = {
  ECONNREFUSED: "refused",
  ETIMEDOUT: "timeout",
  ENETUNREACH: "unreachable",
  EHOSTUNREACH: "unreachable",
  EHOSTDOWN: "unreachable",
  ENETDOWN: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  EAFNOSUPPORT: "unreachable",
  EACCES: "unreachable",
  EPERM: "unreachable",
  ECONNRESET: "reset",
  EPIPE: "reset",
  ECONNABORTED: "reset",
  // Larger than OpenSSL takes: SSL_CTX_set_max_cert_list, 100 KB.
  ERR_SSL_EXCESSIVE_MESSAGE_SIZE: "chain_too_large",
};

/** What a socket's error code means. `sawCertificate`: the server's certificate had arrived, so it was about ours. */
export function outcomeOf(code: string, sawCertificate: boolean): HandshakeOutcome {
  if (sawCertificate && CLIENT_CERTIFICATE_ALERT.test(code)) return "client_certificate_required";
  if (NOT_TLS.has(code)) return "not_tls";
  return CONNECTION[code] ?? "handshake_failed";
}
