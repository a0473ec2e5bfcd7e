import { type AsnType, fromBER } from "asn1js";

/** Blocks that the libraries may make of one certificate: each has two bytes at least, and no chain has more than 102,400. */
export const READING = { maxNodes: 51_200 } as const;

/** Reads one block (DER). Throws an Error for what is none. */
export function readBlock(der: Uint8Array): AsnType {
  const { offset, result } = fromBER(der, READING);
  if (offset < 0) throw new Error(result.error);
  return result;
}

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
