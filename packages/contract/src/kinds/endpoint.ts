import { formatHostPort, parseHostName, parseHostPort } from "@cadastre/net/host-name";
import * as z from "zod";
import { looseObject } from "../loose-object.ts";
import { FINDINGS } from "./findings.ts";
import { addressPrefix, addressText, defineKind, relationsTo, shortId, text } from "./kind.ts";

/** What a handshake with one address gave. Findings are several at once: an expired certificate may have the wrong name too. */
const handshake = z.object({
  address: addressText,
  outcome: z.enum([
    "ok",
    "refused",
    "timeout",
    "unreachable",
    "reset",
    "not_tls",
    "handshake_failed",
    "blocked",
    "chain_too_large",
    "client_certificate_required",
  ]),
  detail: text.optional(),
  protocol: text.optional().meta({ description: "TLSv1.2, TLSv1.3" }),
  cipher: text.optional(),
  presented: z
    .array(
      z.object({
        keyAlgorithm: z.enum(["rsa", "ecdsa", "ed25519", "other"]),
        certificate: text.meta({ description: "Natural id of the certificate" }),
        chain: z.array(z.object({ position: z.int().min(0), fingerprint: text })).default([]),
      }),
    )
    .default([])
    .meta({ description: "One for each kind of key that the server has a certificate for" }),
  findings: z
    .array(z.object({ code: z.string().regex(/^[a-z][a-z0-9_]*$/), message: text, certificate: text.optional() }))
    .default([])
    .meta({
      description: `Codes: ${Object.keys(FINDINGS).join(", ")}`,
    }),
  ocspStaple: z.enum(["none", "good", "revoked", "unknown", "expired", "invalid"]).optional(),
});

const FORM = /^tls:\/\/((?:\[[0-9a-f:.]+\]|[^\s/?#[\]@:]+):\d{1,5})(?:\?sni=([^\s/?#&]+))?$/;

/** Whether host, port and name are as they are written back: names in lower case and ASCII, addresses short, ports without zeros. */
function isNormal(id: string): boolean {
  const [, place = "", sni] = FORM.exec(id) ?? [];
  try {
    const target = parseHostPort(place);
    return (
      formatHostPort(target) === place && (sni === undefined || (parseHostName(sni) === sni && sni !== target.host))
    );
  } catch {
    return false;
  }
}

const presentedBy = ({ handshakes }: { readonly handshakes: readonly z.output<typeof handshake>[] }) =>
  handshakes.flatMap((one) => one.presented);

export const endpoint = defineKind({
  name: "endpoint",
  about: "A host and port that answers TLS",
  naturalId: "tls://{host}:{port}, with ?sni={name} when another name is asked for",
  ids: { tls: FORM },
  isNormal,
  idOf: ({ host, port, sni }) =>
    `tls://${host.includes(":") ? `[${host}]` : host}:${port}${sni === undefined ? "" : `?sni=${sni}`}`,
  sharedAt: [],
  attributes: looseObject({
    host: text,
    port: z.int().min(1).max(65535),
    sni: text.optional(),
    protocol: z.enum(["tls"]),
    outcome: z
      .enum(["ok", "partly", "dns_failed", "failed", "blocked"])
      .meta({ description: "Over all addresses: partly when some answered and some did not" }),
    detail: text.optional(),
    handshakes: z.array(handshake).default([]),
  }),
  volatile: looseObject({
    checkedAt: text.optional(),
    handshakeMilliseconds: z.number().optional(),
  }),
  facets: (attributes, id) => ({
    relations: [
      ...relationsTo(
        "presents",
        presentedBy(attributes).map((one) => one.certificate),
      ),
      ...relationsTo(
        "chains-to",
        presentedBy(attributes).flatMap((one) => one.chain.map((link) => `sha256:${link.fingerprint}`)),
      ),
    ],
    prefixes: attributes.handshakes.map((h) => addressPrefix(h.address)),
    words: [shortId(id), attributes.host, attributes.sni ?? ""],
  }),
});
