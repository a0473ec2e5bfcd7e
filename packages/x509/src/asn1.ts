import type { AsnType } from "asn1js";

/** What a block of ASN.1 is made of; nothing for one that is not constructed. */
export function childrenOf(block: AsnType | undefined): readonly AsnType[] {
  const value = (block as { readonly valueBlock?: { readonly value?: unknown } } | undefined)?.valueBlock?.value;
  return Array.isArray(value) ? (value as AsnType[]) : [];
}

/** The bytes of a primitive block. */
export function contentOf(block: AsnType): Uint8Array {
  const value = (block as { readonly valueBlock?: { readonly valueHexView?: Uint8Array } }).valueBlock?.valueHexView;
  return value ?? new Uint8Array();
}
