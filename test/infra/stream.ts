import type { Properties } from "./template.ts";

/** A record of the table's stream, which has keys alone. */
export interface KeysRecord {
  readonly eventName: "INSERT" | "MODIFY" | "REMOVE";
  readonly dynamodb: {
    readonly SequenceNumber: string;
    readonly Keys: { readonly pk: { readonly S: string }; readonly sk: { readonly S: string } };
  };
}

export function aRecord(
  eventName: KeysRecord["eventName"],
  { pk, sk }: { pk: string; sk: string },
  number = 1,
): KeysRecord {
  return { eventName, dynamodb: { SequenceNumber: String(number), Keys: { pk: { S: pk }, sk: { S: sk } } } };
}

export type Pattern = readonly (string | { readonly prefix: string })[] | { readonly [name: string]: Pattern };

/** As much of event patterns as ours have: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html */
export function matches(pattern: Pattern, value: unknown): boolean {
  if (Array.isArray(pattern)) {
    return pattern.some((one) => (typeof one === "string" ? one === value : String(value).startsWith(one.prefix)));
  }
  return Object.entries(pattern).every(
    ([name, inner]) =>
      typeof value === "object" && value !== null && matches(inner, (value as Record<string, unknown>)[name]),
  );
}

/** What an event source mapping hands to its function: records that match one of its filters. */
export function filtered(mapping: Properties, records: readonly KeysRecord[]): KeysRecord[] {
  const patterns = mapping.FilterCriteria.Filters.map((one: { Pattern: string }) => JSON.parse(one.Pattern) as Pattern);
  return records.filter((record) => patterns.some((pattern: Pattern) => matches(pattern, record)));
}
