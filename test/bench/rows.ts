import { hash } from "node:crypto";
import { defineEntity } from "@cadastre/store/entity";
import { type BulkWrite, create, put, type Write } from "@cadastre/store/table";
import * as z from "zod";

/* The rows of a first ingest, without the work that finds out which they are: of the number, sizes and keys of real ones. */

const resource = defineEntity({
  type: "resource",
  about: "A resource of some 1.3 KB, in a partition of its own",
  schema: z.object({
    idHash: z.string(),
    id: z.string(),
    kind: z.string(),
    name: z.string(),
    tags: z.record(z.string(), z.string()),
    attributes: z.record(z.string(), z.unknown()),
    sequence: z.int(),
  }),
  key: { partition: (i: { idHash: string }) => `res#${i.idHash}`, sort: () => "resource" },
});

const event = defineEntity({
  type: "event",
  about: "A change of a resource, beside it",
  schema: z.object({ idHash: z.string(), sequence: z.int(), type: z.string(), at: z.string(), actor: z.string() }),
  key: {
    partition: (i: { idHash: string; sequence: number }) => `res#${i.idHash}`,
    sort: (i: { idHash: string; sequence: number }) => `event#${String(i.sequence).padStart(10, "0")}`,
  },
});

const entry = defineEntity({
  type: "index",
  about: "One way to find a resource, in a partition with thousands of others",
  schema: z.object({
    p: z.string(),
    s: z.string(),
    idHash: z.string(),
    kind: z.string(),
    account: z.string(),
    region: z.string(),
  }),
  key: { partition: (i: { p: string; s: string }) => i.p, sort: (i: { p: string; s: string }) => i.s },
  fromKey: ({ pk, sk }) => ({ p: pk, s: sk, idHash: sk.slice(sk.lastIndexOf("#") + 1) }),
});

const REGIONS = ["eu-west-1", "eu-central-1", "us-east-1", "ap-southeast-2"];

/** What is written for one resource: 14 index entries, the resource and its first event. */
function rowsOf(n: number): { entries: BulkWrite[]; writes: Write[] } {
  const place = `i-${n.toString(16).padStart(17, "0")}`;
  const at1000 = Math.floor(n / 1000);
  const [region, account] = [REGIONS[at1000 % 4] as string, `10000000000${at1000 % 3}`];
  const id = `arn:aws:ec2:${region}:${account}:instance/${place}`;
  const idHash = hash("sha256", id).slice(0, 32);
  const address = `10.${n % 40}.${(n >> 8) & 255}.${n & 255}`;
  const team = `team-${n % 20}`;
  const role = ["web", "db", "cache", "queue", "batch"][n % 5] as string;
  const sorts: [string, string][] = [
    ["kind#instance", `aws/${account}/${region}/${place}`],
    [`account#aws/${account}`, `${region}/instance/${place}`],
    [`region#${region}`, `instance/aws/${account}/${place}`],
    [`network#${hash("sha256", `vpc-${n % 40}`).slice(0, 32)}`, `instance/${place}`],
    ["tag#Name", `${role}-${n}#`],
    ["tag#env", `prod#`],
    ["tag#team", `${team}#`],
    [`word#${role.slice(0, 2)}`, `${role}-${n}`],
    [`word#${String(n).slice(0, 2)}`, String(n)],
    ["word#pr", "prod"],
    ["word#te", team],
    ["word#i-", place],
    ["word#ip", `ip-${address.replaceAll(".", "-")}.${region}.compute.internal`],
    ["ip4", `${Buffer.from(address.split(".").map(Number)).toString("hex")}#032`],
  ];
  const entries = sorts.map(([p, s]) =>
    put(entry, { p: `ix#active#${p}`, s: `${s}#${idHash}`, idHash, kind: "instance", account, region }),
  );
  const attributes = {
    address,
    region,
    account,
    interfaces: [{ id: `eni-${n}`, address, subnet: `arn:aws:ec2:${region}:${account}:subnet/subnet-${n % 40}` }],
    image: "ami-0123456789abcdef0",
    text: `${idHash} `.repeat(20),
  };
  const tags = { Name: `${role}-${n}`, env: "prod", team };
  const at = "2026-01-01T00:00:00.000Z";
  return {
    entries,
    writes: [
      create(resource, { idHash, id, kind: "instance", name: `${role}-${n}`, tags, attributes, sequence: 1 }),
      put(event, { idHash, sequence: 1, type: "created", at, actor: "collector:col_01JD0000000000000000000000" }),
    ],
  };
}

/** Shards of 30 resources, each a `load` of its index entries and a commit of the rest, as an upload makes them. */
export function shardsOf(resources: number): { entries: BulkWrite[]; writes: Write[] }[] {
  // Scopes of 1,000 follow each other; within one the order is that of a hash.
  const place = (n: number) => Math.floor(n / 1000) * 1000 + (((n % 1000) * 617) % 1000);
  const order = Array.from({ length: resources }, (_, n) => place(n));
  return Array.from({ length: Math.ceil(resources / 30) }, (_, shard) => {
    const rows = order.slice(shard * 30, shard * 30 + 30).map(rowsOf);
    return { entries: rows.flatMap(({ entries }) => entries), writes: rows.flatMap(({ writes }) => writes) };
  });
}
