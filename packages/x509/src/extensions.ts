import "reflect-metadata";
import { AsnParser } from "@peculiar/asn1-schema";
import {
  AuthorityInfoAccessSyntax,
  AuthorityKeyIdentifier,
  BasicConstraints,
  ExtendedKeyUsage,
  type Extension,
  KeyUsage,
  KeyUsageFlags,
  SubjectKeyIdentifier,
} from "@peculiar/asn1-x509";
import { GeneralName } from "@peculiar/x509";
import { childrenOf, contentOf, readBlock } from "./asn1.ts";
import { type NameConstraints, readNameConstraints } from "./name-constraints.ts";
import { type CertificateName, readNames } from "./names.ts";

/** What a certificate's extensions say. Of one that is not there, or cannot be read, nothing is said. */
export interface Extensions {
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | undefined } | undefined;
  readonly keyUsages: readonly string[] | undefined;
  /** Object identifiers of the extended key usage. */
  readonly purposes: readonly string[] | undefined;
  readonly names: readonly CertificateName[];
  readonly nameConstraints: NameConstraints | undefined;
  /** Numbers of the TLS extensions that the server must answer with (RFC 7633). */
  readonly tlsFeatures: readonly number[];
  /** In hexadecimal, as it is read by OpenSSL to tell issuers of one name apart. */
  readonly keyIdentifier: string | undefined;
  /** What the issuer must have: its key identifier, its serial number, in hexadecimal. */
  readonly issuerIdentifier: { readonly key: string | undefined; readonly serial: string | undefined } | undefined;
  readonly ocspUrls: readonly string[];
  readonly issuerUrls: readonly string[];
  /** Object identifiers of critical extensions that are not judged here. */
  readonly unknownCritical: readonly string[];
  /** Object identifiers of extensions that cannot be read, or are there twice. */
  readonly unreadable: readonly string[];
}

const USAGES = [
  "digitalSignature",
  "nonRepudiation",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "cRLSign",
  "encipherOnly",
  "decipherOnly",
] as const satisfies readonly (keyof typeof KeyUsageFlags)[];

const OCSP = "1.3.6.1.5.5.7.48.1";
const CA_ISSUERS = "1.3.6.1.5.5.7.48.2";

const readers = {
  "2.5.29.14": (der) => ({ keyIdentifier: hex(AsnParser.parse(der, SubjectKeyIdentifier).buffer) }),
  "2.5.29.15": (der) => ({ keyUsages: readKeyUsages(der) }),
  "2.5.29.17": (der) => ({ names: readNames(der) }),
  "2.5.29.19": (der) => {
    const { cA, pathLenConstraint } = AsnParser.parse(der, BasicConstraints);
    return { basicConstraints: { ca: cA, pathLength: pathLenConstraint } };
  },
  "2.5.29.30": (der) => ({ nameConstraints: readNameConstraints(der) }),
  "2.5.29.35": (der) => {
    const { keyIdentifier, authorityCertSerialNumber } = AsnParser.parse(der, AuthorityKeyIdentifier);
    const serial = authorityCertSerialNumber && hex(authorityCertSerialNumber);
    return { issuerIdentifier: { key: keyIdentifier && hex(keyIdentifier.buffer), serial } };
  },
  "2.5.29.37": (der) => ({ purposes: [...AsnParser.parse(der, ExtendedKeyUsage)].map(String) }),
  "1.3.6.1.5.5.7.1.1": readAccess,
  "1.3.6.1.5.5.7.1.24": (der) => ({ tlsFeatures: readFeatures(der) }),
} satisfies Record<string, (der: Uint8Array) => Partial<Extensions>>;

/**
 * Critical extensions that a path may have. Policies are known in the sense that any is accepted (RFC 5280 §6.1.1 (c), as TLS
 * clients do it); where revocation lists are is nothing to judge.
 */
const KNOWN_CRITICAL = new Set([
  "2.5.29.15",
  "2.5.29.17",
  "2.5.29.19",
  "2.5.29.30",
  "2.5.29.31",
  "2.5.29.32",
  "2.5.29.33",
  "2.5.29.36",
  "2.5.29.37",
  "2.5.29.54",
]);

/** Reads all extensions, each by itself. Never throws: what cannot be read is named. */
export function readExtensions(extensions: readonly Extension[]): Extensions {
  const read: Partial<Extensions> = {};
  const unreadable = new Set<string>();
  const seen = new Set<string>();
  for (const { extnID, extnValue } of extensions) {
    // One certificate must not have the same extension twice (RFC 5280 §4.2); which one counts is anybody's guess.
    if (seen.has(extnID)) unreadable.add(extnID);
    seen.add(extnID);
    const reader = (readers as Readonly<Record<string, (der: Uint8Array) => Partial<Extensions>>>)[extnID];
    try {
      Object.assign(read, reader?.(new Uint8Array(extnValue.buffer)));
    } catch {
      // The libraries throw their own errors for whatever may stand here.
      unreadable.add(extnID);
    }
  }
  const critical = extensions.filter((one) => one.critical).map((one) => one.extnID);
  return {
    basicConstraints: undefined,
    keyUsages: undefined,
    purposes: undefined,
    names: [],
    nameConstraints: undefined,
    tlsFeatures: [],
    keyIdentifier: undefined,
    issuerIdentifier: undefined,
    ocspUrls: [],
    issuerUrls: [],
    ...read,
    unknownCritical: [...new Set(critical)].filter((oid) => !KNOWN_CRITICAL.has(oid)),
    unreadable: [...unreadable],
  };
}

function hex(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString("hex");
}

function readKeyUsages(der: Uint8Array): string[] {
  const flags = AsnParser.parse(der, KeyUsage).toNumber();
  return USAGES.filter((name) => (flags & KeyUsageFlags[name]) !== 0);
}

function readAccess(der: Uint8Array): Pick<Extensions, "ocspUrls" | "issuerUrls"> {
  const all = [...AsnParser.parse(der, AuthorityInfoAccessSyntax)];
  const urls = (method: string) =>
    all.filter((one) => one.accessMethod === method).map((one) => new GeneralName(one.accessLocation).value);
  return { ocspUrls: urls(OCSP), issuerUrls: urls(CA_ISSUERS) };
}

function readFeatures(der: Uint8Array): number[] {
  const features = childrenOf(readBlock(der));
  if (features.length === 0) throw new Error("there is no feature in it");
  return features.map((feature) => contentOf(feature).reduce((number, byte) => number * 256 + byte, 0));
}
