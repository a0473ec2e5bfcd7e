import {
  contentHash,
  createScopeDigest,
  type Entry,
  HASH_BYTES,
  idHash,
  packEntries,
  rootDigest,
  shardDigest,
  shardOf,
} from "@cadastre/contract/digest";
import { DISCOVERY_VERSION, type OpenRun } from "@cadastre/contract/discovery";
import { newId } from "@cadastre/contract/ids";
import type { ScopeError, ScopeKey, ScopeStatus } from "@cadastre/contract/scope";
import { scopeName } from "@cadastre/contract/scope";
import type { Table } from "@cadastre/store/table";
import { anActorOf } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { completeRun } from "./complete.ts";
import type { Lease, ManifestItem, ScopeItem } from "./items.ts";
import { openRun } from "./open.ts";
import { packHashes } from "./shards.ts";
import type { Reporter } from "./sources.ts";
import { uploadShard } from "./upload.ts";

export const ACCOUNT = "111122223333";
export const KEY: ScopeKey = { provider: "aws", account: ACCOUNT, region: "us-east-1", kind: "network" };
export const NAME = scopeName(KEY);
export const REPORTER: Reporter = {
  id: newId("collector", new Date(0)),
  name: "s",
  providers: ["aws"],
  accounts: ["*"],
};
export const ACTOR = anActorOf("collector", REPORTER.id);

/** For tests: hashes and entries that are told apart by a number. */
export const hashOf = (n: number): string => n.toString(16).padStart(2 * HASH_BYTES, "0");
export const entryOf = (n: number, content = n): Entry => ({ idHash: hashOf(n), contentHash: hashOf(content) });

export const aLease = (more: Partial<Lease> = {}): Lease => ({
  run: "run_2",
  generation: 4,
  status: "complete",
  errors: [],
  resources: 2,
  digest: hashOf(8),
  wanted: [],
  digests: new Uint8Array(),
  ...more,
});

export const aScope = (more: Partial<ScopeItem> = {}): ScopeItem => ({
  source: REPORTER.name,
  name: NAME,
  generation: 4,
  shardCount: 1,
  ...more,
});

/** For tests: a manifest that has these resources, and misses some of them. */
export function aManifest(
  entries: readonly Entry[],
  { missing = [], ...more }: Partial<Omit<ManifestItem, "missing">> & { readonly missing?: readonly string[] } = {},
): ManifestItem {
  const present = entries.filter((entry) => !missing.includes(entry.idHash));
  return {
    source: REPORTER.name,
    name: NAME,
    shardCount: 1,
    shard: 0,
    run: "run_1",
    digest: shardDigest(packEntries(present)),
    entries: packEntries(entries),
    missing: packHashes(missing),
    created: 0,
    updated: 0,
    unchanged: 0,
    ...more,
  };
}

/** For tests: the same context, in which something happens just before the n-th commit. */
export function beforeCommit(context: Context, n: number, happen: () => Promise<unknown>): Context {
  let count = 0;
  const table: Table = {
    ...context.table,
    async commit(writes) {
      if (++count === n) await happen();
      return context.table.commit(writes);
    },
  };
  return { ...context, table };
}

/** For tests: what a run sees of one scope: networks, or subnets of an owner, by their numbers, some of them with another content. */
export interface Sight {
  readonly has?: readonly number[];
  readonly changed?: readonly number[];
  readonly region?: string;
  readonly account?: string;
  /** Account whose subnets are seen, which may be another than the scope's; of each its own where it differs. */
  readonly owner?: string | ((n: number) => string);
  readonly status?: ScopeStatus;
  readonly errors?: ScopeError[];
  readonly shards?: number;
}

/** For tests: a resource of a sight, as a collector sends it. */
export function aResource(n: number, { region = "us-east-1", account = ACCOUNT, owner, changed }: Sight = {}) {
  const arn = (of: string, type: string) => `arn:aws:ec2:${region}:${of}:${type}-${n}`;
  const common = { name: `net-${n}`, tags: {} };
  const state = changed?.includes(n) ? "pending" : "available";
  if (owner === undefined)
    return { ...common, id: arn(account, "vpc/vpc"), attributes: { networkId: `vpc-${n}`, state } };
  const of = typeof owner === "string" ? owner : owner(n);
  const attributes = {
    subnetId: `subnet-${n}`,
    network: arn(of, "vpc/vpc"),
    ownerAccount: of,
    blocks: [],
    cloudReservedCount: 5,
    state,
  };
  return { ...common, id: arn(of, "subnet/subnet"), attributes };
}

/** For tests: a collector's half of the protocol. Each step can be done again. */
export function aRun(
  sights: readonly Sight[],
  { run = newId("run", new Date()), reporter = REPORTER }: { readonly run?: string; readonly reporter?: Reporter } = {},
) {
  const actor = anActorOf("collector", reporter.id);
  const scopes = sights.map((sight) => {
    const { region = "us-east-1", account = ACCOUNT, status = "complete", errors = [], shards: count = 1 } = sight;
    const kind = sight.owner === undefined ? "network" : "subnet";
    const resources = (sight.has ?? []).map((n) => {
      const raw = aResource(n, sight);
      return { idHash: idHash(kind, raw.id), contentHash: contentHash(kind, raw), raw };
    });
    const isSilent = status === "failed" || status === "skipped";
    const cut = Array.from({ length: isSilent ? 0 : count }, (_, shard) =>
      resources.filter((one) => shardOf(one.idHash, count) === shard),
    );
    const digest = createScopeDigest(status, errors);
    digest.add(packEntries(resources));
    const key = { ...KEY, region, account, kind } as const;
    const shards = cut.map((some) => shardDigest(packEntries(some)));
    const open = { ...key, status, errors, resources: resources.length, digest: digest.finish(), shards };
    return { open, name: scopeName(key), cut };
  });
  const body = (): OpenRun => ({
    contract: DISCOVERY_VERSION,
    run,
    collectorVersion: "test",
    startedAt: "2026-01-01T00:00:00Z",
    root: rootDigest(scopes.map(({ name, open: { digest } }) => ({ name, digest }))),
    scopes: scopes.map(({ open }) => open),
  });
  const upload = (context: Context, place: number, shard: number) =>
    uploadShard(
      context,
      actor,
      reporter,
      { run, scope: scopes[place]?.name ?? "", shard },
      { contract: DISCOVERY_VERSION, resources: scopes[place]?.cut[shard]?.map(({ raw }) => raw) ?? [] },
    );
  const open = (context: Context) => openRun(context, actor, reporter, body());
  const complete = (context: Context) => completeRun(context, actor, reporter, run);
  return {
    run,
    body,
    open,
    upload,
    complete,
    /** Opens the run and sends what is wanted. */
    async send(context: Context) {
      const opened = await open(context);
      for (const [place, { want = [] }] of opened.scopes.entries())
        for (const shard of want) await upload(context, place, shard);
      return opened;
    },
    async deliver(context: Context) {
      await this.send(context);
      return complete(context);
    },
  };
}
