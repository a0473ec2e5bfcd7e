import { writeTags } from "../convert/tags-text.ts";
import type { Table } from "./table.ts";

/** What is written of a prefix, with what follows from the rest beside what is read back. */
export interface ExportedPrefix {
  readonly prefix: string;
  readonly name: string;
  readonly description: string;
  readonly status: string;
  readonly pool: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly vlan?: string | undefined;
  readonly account?: string | undefined;
  readonly project?: string | undefined;
  readonly owner: string;
  readonly externalId?: string | undefined;
  readonly externalNetwork?: string | undefined;
  readonly region?: string | undefined;
  readonly reserveUntil?: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export const prefixTable: Table<ExportedPrefix> = {
  columns: [
    { name: "prefix", text: ({ prefix }) => prefix },
    { name: "name", text: ({ name }) => name },
    { name: "description", text: ({ description }) => description },
    { name: "status", text: ({ status }) => status },
    { name: "pool", text: ({ pool }) => String(pool) },
    { name: "tags", text: ({ tags }) => writeTags(tags) },
    { name: "vlan", text: ({ vlan = "" }) => vlan },
    { name: "account", text: ({ account = "" }) => account },
    { name: "project", text: ({ project = "" }) => project },
    { name: "owner", text: ({ owner }) => owner },
    { name: "externalId", text: ({ externalId = "" }) => externalId },
    { name: "externalNetwork", text: ({ externalNetwork = "" }) => externalNetwork },
    { name: "region", text: ({ region = "" }) => region },
    { name: "reserveUntil", text: ({ reserveUntil = "" }) => reserveUntil },
    {
      name: "attributes",
      text: ({ attributes }) => (Object.keys(attributes).length === 0 ? "" : JSON.stringify(attributes)),
    },
  ],
};

export interface ExportedRange {
  readonly start: string;
  readonly end: string;
  readonly populated: boolean;
  readonly utilized: boolean;
  readonly name: string;
  readonly description: string;
}

export const rangeTable: Table<ExportedRange> = {
  columns: [
    { name: "start", text: ({ start }) => start },
    { name: "end", text: ({ end }) => end },
    { name: "populated", text: ({ populated }) => String(populated) },
    { name: "utilized", text: ({ utilized }) => String(utilized) },
    { name: "name", text: ({ name }) => name },
    { name: "description", text: ({ description }) => description },
  ],
};

export interface ExportedVlan {
  readonly vid: number;
  readonly name: string;
  readonly group: string;
  readonly description: string;
}

export const vlanTable: Table<ExportedVlan> = {
  columns: [
    { name: "vid", text: ({ vid }) => String(vid) },
    { name: "name", text: ({ name }) => name },
    { name: "group", text: ({ group }) => group },
    { name: "description", text: ({ description }) => description },
  ],
};

export interface ExportedTag {
  readonly name: string;
  readonly type: string;
  readonly knownValues: readonly string[];
  readonly attributes: object;
  readonly implies: object;
}

export const tagTable: Table<ExportedTag> = {
  columns: [
    { name: "name", text: ({ name }) => name },
    { name: "type", text: ({ type }) => type },
    { name: "knownValues", text: ({ knownValues }) => JSON.stringify(knownValues) },
    { name: "attributes", text: ({ attributes }) => JSON.stringify(attributes) },
    { name: "implies", text: ({ implies }) => JSON.stringify(implies) },
  ],
};
