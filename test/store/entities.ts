import { defineEntity } from "@cadastre/store/entity";
import type { Table } from "@cadastre/store/table";
import * as z from "zod";

/** What a contract test runs on: an empty table, and the clock that the table reads. */
export interface Opened {
  readonly table: Table;
  readonly clock: Clock;
  readonly close: () => Promise<void>;
}

export type OpenTable = () => Promise<Opened>;

/** A clock that stands still until it is moved. */
export interface Clock {
  readonly now: () => Date;
  readonly advance: (seconds: number) => void;
  readonly epochSeconds: () => number;
}

export function aClock(): Clock {
  let time = Date.UTC(2030, 0, 1);
  return {
    now: () => new Date(time),
    advance: (seconds) => {
      time += seconds * 1000;
    },
    epochSeconds: () => Math.floor(time / 1000),
  };
}

/** An item of no special kind. */
export const note = defineEntity({
  type: "note",
  about: "Notes of a space | by id",
  schema: z.object({
    space: z.string(),
    id: z.string(),
    text: z.string().max(1_000_000).optional(),
    count: z.number().optional(),
    tags: z.record(z.string(), z.string()).optional(),
    bytes: z.instanceof(Uint8Array).optional(),
    parts: z.array(z.object({ name: z.string(), bytes: z.instanceof(Uint8Array).optional() })).optional(),
    $bytes: z.string().optional(),
    type: z.string().optional(),
    disk: z.string().optional(),
  }),
  key: {
    partition: (i: { space: string; id: string }) => `space/${i.space}`,
    sort: (i: { space: string; id: string }) => i.id,
  },
});

/** An item in the same partitions as notes. */
export const mark = defineEntity({
  type: "mark",
  about: "Marks beside the notes",
  schema: z.object({ space: z.string(), id: z.string() }),
  key: {
    partition: (i: { space: string; id: string }) => `space/${i.space}`,
    sort: (i: { space: string; id: string }) => i.id,
  },
});

/** An item that ends, with its end in epoch seconds. */
export const lease = defineEntity({
  type: "lease",
  about: "Leases by name",
  schema: z.object({ name: z.string(), holder: z.string(), ends: z.number().optional() }),
  key: { partition: (i: { name: string }) => `lease/${i.name}`, sort: () => "lease" },
  expires: "ends",
});

/** An item that ends, with its end as an ISO time. */
export const session = defineEntity({
  type: "session",
  about: "Sessions by id",
  schema: z.object({ id: z.string(), expires: z.iso.datetime() }),
  key: { partition: () => "sessions", sort: (i: { id: string }) => i.id },
  expires: "expires",
});

/** An item that an increment can make, because its key and the count are all of it. */
export const counter = defineEntity({
  type: "counter",
  about: "Counters by name",
  schema: z.object({ name: z.string(), slot: z.int().optional(), count: z.int(), label: z.string().optional() }),
  key: {
    partition: (i: { name: string; slot?: number | undefined }) => `counter/${i.name}`,
    sort: (i) => `${i.slot ?? 0}`,
  },
});

/** An item whose key says most of what is in it. */
export const host = defineEntity({
  type: "host",
  about: "Hosts of a zone by id",
  schema: z.object({ zone: z.string(), id: z.string(), load: z.number().optional(), text: z.string().optional() }),
  key: {
    partition: (i: { zone: string; id: string }) => `zone/${i.zone}`,
    sort: (i: { zone: string; id: string }) => i.id,
  },
  fromKey: ({ pk, sk }) => ({ zone: pk.slice("zone/".length), id: sk }),
});

/** An item that is packed where that saves a unit. */
export const report = defineEntity({
  type: "report",
  about: "Reports by id",
  schema: z.object({
    id: z.string(),
    title: z.string(),
    content: z.unknown(),
    labels: z.record(z.string(), z.unknown()).optional(),
    count: z.number().default(0),
  }),
  key: { partition: (i: { id: string }) => `report/${i.id}`, sort: () => "report" },
  fromKey: ({ pk }) => ({ id: pk.slice("report/".length) }),
  packed: true,
});
