import * as z from "zod";
import { looseObject } from "../loose-object.ts";
import { defineKind, relationsTo, text, timestamp } from "./kind.ts";

/** SHA-256 over the DER certificate, lower-case hexadecimal without colons. */
const fingerprint = z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hexadecimal digits");

export const certificate = defineKind({
  name: "certificate",
  about: "An X.509 certificate that is served, or an authority above one",
  naturalId: "sha256:{fingerprint}, over the DER certificate",
  ids: { tls: /^sha256:[0-9a-f]{64}$/ },
  idOf: ({ fingerprint: hash }) => `sha256:${hash}`,
  sharedAt: [],
  attributes: looseObject({
    fingerprint,
    serialNumber: text,
    subject: text,
    issuer: text,
    subjectAltNames: z.array(text).default([]).meta({
      description:
        "DNS names, addresses, URIs, e-mail addresses, without type prefix; names of other forms are left out",
    }),
    notBefore: timestamp,
    notAfter: timestamp,
    keyAlgorithm: text,
    keySizeBits: z.int().optional(),
    keyCurve: text.optional(),
    signatureAlgorithm: text.meta({
      description: "OpenSSL's name; of RSASSA-PSS with its hash, rsassaPss-with-SHA256",
    }),
    keyUsages: z.array(text).default([]),
    extendedKeyUsages: z.array(text).default([]),
    isCa: z.boolean().default(false),
    selfSigned: z.boolean().default(false),
    publicKeyFingerprint: fingerprint.optional().meta({ description: "SHA-256 over the SubjectPublicKeyInfo" }),
    ocspUrls: z.array(text).default([]),
    issuerUrls: z.array(text).default([]),
    chain: z
      .array(z.object({ position: z.int().min(0), fingerprint, subject: text, issuer: text, notAfter: timestamp }))
      .default([])
      .meta({
        description: "The rest of the chain as sent, in its order, without what cannot be read; none for an authority",
      }),
  }),
  volatile: looseObject({}),
  facets: (attributes, id) => ({
    relations: relationsTo(
      "chains-to",
      attributes.chain
        .filter((link) => link.fingerprint !== attributes.fingerprint)
        .map((link) => `sha256:${link.fingerprint}`),
    ),
    prefixes: [],
    words: [id.slice(id.indexOf(":") + 1), attributes.serialNumber.toLowerCase(), ...attributes.subjectAltNames],
    expiresAt: attributes.notAfter,
  }),
});
