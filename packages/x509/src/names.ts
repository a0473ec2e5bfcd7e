import "reflect-metadata";
import { AsnParser } from "@peculiar/asn1-schema";
import { GeneralName as AsnGeneralName, type RelativeDistinguishedName } from "@peculiar/asn1-x509";
import { GeneralName } from "@peculiar/x509";
import type { AsnType } from "asn1js";
import { childrenOf, contentOf, readBlock } from "./asn1.ts";

/** A name in a certificate by its form (RFC 5280 §4.2.1.6). */
export type CertificateName =
  | { readonly form: "dns" | "email" | "uri"; readonly text: string }
  /** Four or sixteen bytes; in a constraint twice as many, the mask behind the address. */
  | { readonly form: "ip"; readonly text: string; readonly bytes: Uint8Array }
  | { readonly form: "directory"; readonly text: string; readonly path: DirectoryPath }
  /** otherName, X.400, EDI and registered identifiers; a text only where there is a customary one. */
  | { readonly form: "other"; readonly tag: number; readonly text: string | undefined };

/** One text for each step of a distinguished name, by which two steps can be compared. */
export type DirectoryPath = readonly string[];

const TAGS = { email: 1, dns: 2, directory: 4, uri: 6, ip: 7 } as const;

/** Reads a list of names (DER), each by itself: one of an unusual form does not take the others with it. Throws when it is no list. */
export function readNames(der: Uint8Array): CertificateName[] {
  const list = readBlock(der);
  const names = childrenOf(list);
  if (names.length === 0) throw new Error("there is no name in it");
  return names.map(readName);
}

/** Reads one name. Throws for a distinguished name that cannot be read. */
export function readName(block: AsnType): CertificateName {
  const tag = block.idBlock.tagNumber;
  const bytes = contentOf(block);
  if (tag === TAGS.ip) return { form: "ip", text: textOf(block) ?? Buffer.from(bytes).toString("hex"), bytes };
  if (tag === TAGS.directory) {
    const name = AsnParser.parse(derOf(block), AsnGeneralName).directoryName;
    return { form: "directory", text: textOf(block) ?? "", path: pathOf(name ?? []) };
  }
  const form = (["dns", "email", "uri"] as const).find((one) => TAGS[one] === tag);
  if (form) return { form, text: Buffer.from(bytes).toString("latin1") };
  return { form: "other", tag, text: textOf(block) };
}

/**
 * A distinguished name as steps that can be compared: case and repeated spaces do not count (RFC 5280 §7.1), nor does the order
 * within a step.
 */
export function pathOf(name: readonly RelativeDistinguishedName[]): DirectoryPath {
  return name.map((step) =>
    [...step]
      .map(({ type, value }) => `${type}=${value.toString().trim().replaceAll(/\s+/g, " ").toLowerCase()}`)
      .sort()
      .join("+"),
  );
}

function derOf(block: AsnType): Uint8Array {
  return Uint8Array.from(block.valueBeforeDecodeView);
}

/** As the register shows it. */
function textOf(block: AsnType): string | undefined {
  try {
    return new GeneralName(derOf(block)).value;
  } catch {
    // The library writes no text for X.400 addresses, EDI parties and most of otherName.
    return undefined;
  }
}
