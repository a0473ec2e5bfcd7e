import {
  contentHash,
  createScopeDigest,
  type Entry,
  idHash,
  packEntries,
  rootDigest,
  shardCountFor,
  shardDigest,
  shardOf,
} from "@cadastre/contract/digest";
import { DISCOVERY_VERSION, type OpenRun, type RunCompleted, type RunOpened } from "@cadastre/contract/discovery";
import { newId } from "@cadastre/contract/ids";
import { type ScopeError, type ScopeKey, type ScopeStatus, scopeName } from "@cadastre/contract/scope";
import { anActorOf } from "@cadastre/core/audit/testing";
import type { Actor, Context } from "@cadastre/core/context";
import { completeRun } from "@cadastre/core/discovery/complete";
import { openRun } from "@cadastre/core/discovery/open";
import type { Reporter } from "@cadastre/core/discovery/sources";
import { uploadShard } from "@cadastre/core/discovery/upload";

export interface Raw {
  id: string;
  name: string;
  tags: Record<string, string>;
  attributes: Record<string, unknown>;
  volatile?: Record<string, unknown>;
  [member: string]: unknown;
}

export interface SeenScope {
  readonly key: ScopeKey;
  readonly status?: ScopeStatus;
  readonly errors?: ScopeError[];
  readonly resources: readonly Raw[];
}

export const ACCOUNT = "111122223333";

/** An instance with one interface, one private address, and a few tags: about the size that clouds give. */
export function anInstance(
  n: number,
  more: Partial<{
    account: string;
    region: string;
    name: string;
    tags: Record<string, string>;
    address: string;
    state: string;
  }> = {},
): Raw {
  const account = more.account ?? ACCOUNT;
  const region = more.region ?? "us-east-1";
  const arn = (type: string, id: string) => `arn:aws:ec2:${region}:${account}:${type}/${id}`;
  const instanceId = `i-${n.toString(16).padStart(17, "0")}`;
  const address = more.address ?? `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
  return {
    id: arn("instance", instanceId),
    name: more.name ?? `web-${n}`,
    tags: more.tags ?? { Name: `web-${n}`, env: n % 3 === 0 ? "prod" : "test", team: `team-${n % 20}` },
    attributes: {
      instanceId,
      state: more.state ?? "running",
      type: "m7g.large",
      image: "ami-0123456789abcdef0",
      zone: `${region}a`,
      launchTime: "2026-01-01T00:00:00Z",
      network: arn("vpc", "vpc-1"),
      interfaces: [
        {
          interfaceId: `eni-${n.toString(16).padStart(17, "0")}`,
          network: arn("vpc", "vpc-1"),
          subnet: arn("subnet", "subnet-1"),
          privateAddresses: [{ address, primary: true }],
        },
      ],
    },
  };
}

export function instanceScope(more: Partial<ScopeKey> = {}): ScopeKey {
  return { provider: "aws", account: ACCOUNT, region: "us-east-1", kind: "instance", ...more };
}

export const REPORTER: Reporter = {
  id: newId("collector", new Date(0)),
  name: "aws-main",
  providers: ["aws", "gcp", "tls"],
  accounts: ["*"],
};
export const ACTOR: Actor = anActorOf("collector", REPORTER.id);

type Hashed = Entry & { readonly raw: Raw };

function hashed(scope: SeenScope): Hashed[] {
  return scope.resources.map((raw) => ({
    idHash: idHash(scope.key.kind, raw.id),
    contentHash: contentHash(scope.key.kind, raw),
    raw,
  }));
}

function cut(resources: readonly Hashed[], count: number): Hashed[][] {
  const shards = Array.from({ length: count }, (): Hashed[] => []);
  for (const one of resources) shards[shardOf(one.idHash, count)]?.push(one);
  return shards;
}

/** A collector's half of the protocol, as the simplest correct client would speak it. */
export function aRun(
  scopes: readonly SeenScope[],
  options: {
    run?: string;
    now?: Date;
    reporter?: Reporter;
    counts?: Map<string, number>;
    /** Announced. */
    intervalSeconds?: number;
  } = {},
) {
  const run = options.run ?? newId("run", options.now ?? new Date());
  const reporter = options.reporter ?? REPORTER;
  const actor = anActorOf("collector", reporter.id);
  const prepared = scopes.map((scope) => ({
    scope,
    name: scopeName(scope.key),
    status: scope.status ?? ("complete" as const),
    resources: hashed(scope),
  }));
  const counts = options.counts ?? new Map(prepared.map((one) => [one.name, shardCountFor(one.resources.length)]));
  const silent = (status: ScopeStatus) => status === "failed" || status === "skipped";

  function body(): OpenRun {
    const open = prepared.map(({ scope, name, status, resources }) => {
      const digest = createScopeDigest(status, scope.errors ?? []);
      digest.add(packEntries(resources));
      return {
        ...scope.key,
        name,
        status,
        errors: scope.errors ?? [],
        resources: resources.length,
        digest: digest.finish(),
        shards: silent(status)
          ? []
          : cut(resources, counts.get(name) ?? 1).map((shard) => shardDigest(packEntries(shard))),
      };
    });
    return {
      contract: DISCOVERY_VERSION,
      run,
      collectorVersion: "test",
      startedAt: "2026-01-01T00:00:00Z",
      intervalSeconds: options.intervalSeconds,
      root: rootDigest(open),
      scopes: open,
    };
  }

  async function open(context: Context): Promise<RunOpened> {
    const opened = await openRun(context, actor, reporter, body());
    const cutAgain = opened.scopes.some((verdict, at) => {
      if (verdict.verdict === "reshard" && verdict.shardCount)
        counts.set(prepared[at]?.name as string, verdict.shardCount);
      return verdict.verdict === "reshard";
    });
    return cutAgain ? open(context) : opened;
  }

  async function upload(context: Context, at: number, shard: number) {
    const one = prepared[at];
    if (!one) throw new Error("no such scope");
    const resources = cut(one.resources, counts.get(one.name) ?? 1)[shard]?.map((resource) => resource.raw) ?? [];
    return uploadShard(
      context,
      actor,
      reporter,
      { run, scope: one.name, shard },
      { contract: DISCOVERY_VERSION, resources },
    );
  }

  async function uploadAll(context: Context, opened: RunOpened): Promise<number> {
    let uploads = 0;
    for (const [at, { want }] of opened.scopes.entries()) {
      for (const shard of want ?? []) {
        await upload(context, at, shard);
        uploads++;
      }
    }
    return uploads;
  }

  const complete = (context: Context): Promise<RunCompleted> => completeRun(context, actor, reporter, run);

  /** The whole of it. */
  async function deliver(
    context: Context,
  ): Promise<{ opened: RunOpened; completed: RunCompleted | undefined; uploads: number }> {
    const opened = await open(context);
    if (opened.state === "unchanged") return { opened, completed: undefined, uploads: 0 };
    const uploads = await uploadAll(context, opened);
    return { opened, completed: await complete(context), uploads };
  }

  return { run, actor, reporter, body, open, upload, uploadAll, complete, deliver };
}
