import { columnKey, type Format } from "../convert/format.ts";
import { awsIpamResources } from "./aws-ipam.ts";
import { netboxAddresses, netboxPrefixes, netboxRanges, netboxVlans, netboxVrfs } from "./netbox.ts";
import { ownPrefixes, ownRanges, ownVlans } from "./own.ts";
import { phpipamAddresses, phpipamSubnets } from "./phpipam.ts";

/** Those that have more telling columns come first; what people write by hand comes last. */
const FORMATS: readonly Format[] = [
  awsIpamResources,
  netboxRanges,
  netboxPrefixes,
  netboxAddresses,
  netboxVlans,
  phpipamAddresses,
  phpipamSubnets,
  netboxVrfs,
  ownRanges,
  ownPrefixes,
  ownVlans,
];

export const FORMAT_NAMES: readonly string[] = FORMATS.map(({ name }) => name);

/** The form that a file with these columns is in, or undefined. */
export function findFormat(columns: Iterable<string>): Format | undefined {
  const keys = new Set([...columns].map(columnKey));
  return FORMATS.find(({ marks }) => marks.some((mark) => mark.every((column) => keys.has(column))));
}

/** The form of a name. */
export function formatOf(name: string): Format | undefined {
  return FORMATS.find((format) => format.name === name);
}
