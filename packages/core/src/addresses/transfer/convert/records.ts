/** What a row of a file says of a prefix or an address. What it does not speak of is undefined; what it leaves empty is "". */
export interface PrefixRow {
  readonly kind: "prefix";
  readonly row: number;
  /** Canonical. */
  readonly prefix: string;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly status?: IpStatus | undefined;
  readonly pool?: boolean | undefined;
  /** All tags, where the file lists them. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Tags that have a column of their own: "" takes one away. */
  readonly tagChanges?: Readonly<Record<string, string>> | undefined;
  /** The id of a VLAN, its number, or `group/number`. */
  readonly vlan?: string | undefined;
  /** As `provider/account`. */
  readonly account?: string | undefined;
  readonly project?: string | undefined;
  readonly owner?: string | undefined;
  readonly externalId?: string | undefined;
  readonly externalNetwork?: string | undefined;
  readonly region?: string | undefined;
  /** When a reservation ends, as an ISO time. */
  readonly reserveUntil?: string | undefined;
  /** All attributes of one's own, where the file lists them. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

export const IP_STATUSES = ["container", "active", "reserved", "deprecated"] as const;
export type IpStatus = (typeof IP_STATUSES)[number];

/** What a row says of a range: its first and its last address, canonical. */
export interface RangeRow {
  readonly kind: "range";
  readonly row: number;
  readonly start: string;
  readonly end: string;
  readonly populated?: boolean | undefined;
  readonly utilized?: boolean | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
}

export interface VlanRow {
  readonly kind: "vlan";
  readonly row: number;
  /** From 1 to 4094 (IEEE 802.1Q). */
  readonly vid: number;
  readonly name?: string | undefined;
  readonly group?: string | undefined;
  readonly description?: string | undefined;
}

/** A VRF of another IPAM: what is a space here. */
export interface VrfRow {
  readonly kind: "vrf";
  readonly row: number;
  readonly name: string;
  /** Route distinguisher. */
  readonly rd?: string | undefined;
  readonly description?: string | undefined;
}

export type ImportRow = PrefixRow | RangeRow | VlanRow | VrfRow;
export type RowKind = ImportRow["kind"];
