import {
  contentHash,
  createScopeDigest,
  type Entry,
  idHash,
  packEntries,
  rootDigest,
  SHARD_RESOURCES,
  shardCountFor,
  shardDigest,
  shardOf,
} from "@cadastre/contract/digest";
import {
  DISCOVERY_VERSION,
  type Discovery,
  type DiscoveryResult,
  discovery,
  type OpenRun,
  requireVersion,
} from "@cadastre/contract/discovery";
import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { parse } from "@cadastre/contract/parse";
import { unstorable } from "@cadastre/contract/resource";
import { scopeName } from "@cadastre/contract/scope";
import type { Actor, Context } from "../context.ts";
import { completeRun } from "./complete.ts";
import { openRun } from "./open.ts";
import { parseResources, tooLarge } from "./parse-resources.ts";
import { type Reporter, requireBoundScopes } from "./sources.ts";
import { uploadShard } from "./upload.ts";

/** The contract's bound of a scope's errors. */
const MOST_SCOPE_ERRORS = 50;

/** How often a run is opened again because a scope is to be cut otherwise. */
const MOST_ROUNDS = 6;

type Raw = Discovery["scopes"][number]["resources"][number];
type Errors = DiscoveryResult["errors"];

interface Cutable {
  readonly scope: Discovery["scopes"][number];
  readonly name: string;
  readonly resources: readonly (Entry & { readonly raw: Raw })[];
}

/**
 * A whole small run in one call: the same opening, uploading and completing that a large one goes through. An id that is in a
 * scope twice is reported and its first resource applied. One that is too large is reported and left out, and its scope is
 * partial: the rest is taken. Nothing is written when any resource is not valid.
 */
export async function deliver(
  context: Context,
  actor: Actor,
  reporter: Reporter,
  body: unknown,
  signedAt?: Date,
): Promise<DiscoveryResult> {
  requireVersion(body);
  const payload = parse(discovery, body);
  await requireBoundScopes(reporter, payload.scopes);
  const run = payload.run ?? newId("run", context.now());
  const errors: Errors = [];
  const scopes = payload.scopes.map((scope, place) => toCutable(scope, place, errors));
  const counts = new Map(scopes.map(({ name, resources }) => [name, shardCountFor(resources.length)]));
  const open = () => openRun(context, actor, reporter, toOpenRun(context, payload, run, scopes, counts), signedAt);
  let opened = await open();
  for (let round = 1; opened.scopes.some((scope) => scope.verdict === "reshard"); round++) {
    if (round === MOST_ROUNDS)
      throw new ProblemError("request.conflict", "other runs keep cutting the same scopes anew");
    for (const [place, { shardCount }] of opened.scopes.entries()) {
      if (shardCount) counts.set((scopes[place] as Cutable).name, shardCount);
    }
    opened = await open();
  }
  const known = {
    run,
    imported: 0,
    updated: 0,
    unchanged: scopes.reduce((sum, scope) => sum + scope.resources.length, 0),
    retired: 0,
    errors,
  };
  if (opened.state === "unchanged") return { ...known, scopes: scopes.map((scope) => unchangedResult(scope)) };
  for (const [place, { want }] of opened.scopes.entries()) {
    const scope = scopes[place] as Cutable;
    for (const shard of want ?? []) {
      const resources = cut(scope, counts.get(scope.name) ?? 1)[shard]?.map((one) => one.raw) ?? [];
      await uploadShard(
        context,
        actor,
        reporter,
        { run, scope: scope.name, shard },
        { contract: DISCOVERY_VERSION, resources },
      );
    }
  }
  const completed = await completeRun(context, actor, reporter, run);
  const results = new Map(completed.scopes.map((result) => [scopeName(result), result]));
  const rows = scopes.map((scope) => results.get(scope.name) ?? unchangedResult(scope));
  const sum = (of: "created" | "updated" | "unchanged" | "retired") => rows.reduce((total, row) => total + row[of], 0);
  return {
    run,
    imported: sum("created"),
    updated: sum("updated"),
    unchanged: sum("unchanged"),
    retired: sum("retired"),
    errors,
    scopes: rows,
  };
}

function unchangedResult({ scope, resources }: Cutable): DiscoveryResult["scopes"][number] {
  const { provider, account, region, kind, status } = scope;
  return {
    provider,
    account,
    region,
    kind,
    status,
    resources: resources.length,
    created: 0,
    updated: 0,
    unchanged: resources.length,
    retired: 0,
    held: 0,
  };
}

/** The scope without what is too large to be kept, which is reported. Not to have all of it, it is partial. */
function withoutTooLarge(sent: Discovery["scopes"][number], path: string, errors: Errors) {
  const left = new Map<number, string>();
  sent.resources.forEach((resource, place) => {
    // What cannot be stored at all, such as what is nested without end, is refused with the rest.
    const message = unstorable(resource) === undefined ? tooLarge(resource) : undefined;
    if (message !== undefined) left.set(place, message);
  });
  if (left.size === 0) return sent;
  for (const [place, message] of left) errors.push({ path: `${path}[${place}]`, code: "too_large", message });
  const resources = sent.resources.filter((_, place) => !left.has(place));
  const [message = ""] = left.values();
  const reported = [...sent.errors, { code: "too_large", message: `${left.size} were left out; the first ${message}` }];
  const status = sent.status === "complete" ? "partial" : sent.status;
  return { ...sent, status, resources, errors: reported.slice(-MOST_SCOPE_ERRORS) } as const;
}

/** Whether a scope says nothing of what is in it. */
const isSilent = ({ status }: Pick<Discovery["scopes"][number], "status">): boolean =>
  status === "failed" || status === "skipped";

function toCutable(sent: Discovery["scopes"][number], at: number, errors: Errors): Cutable {
  const path = `scopes[${at}].resources`;
  const scope = withoutTooLarge(sent, path, errors);
  const placeOf = new Map(sent.resources.map((raw, place) => [raw, place]));
  parseResources(scope, scope.resources, path, (index) => placeOf.get(scope.resources[index] as Raw) ?? index);
  const first = new Map<string, Entry & { raw: Raw }>();
  scope.resources.forEach((raw) => {
    const place = placeOf.get(raw) ?? 0;
    const hash = idHash(scope.kind, raw.id);
    if (first.has(hash))
      errors.push({
        path: `${path}[${place}].id`,
        code: "duplicate_id",
        message: `${raw.id} is in the scope before; the first one was taken`,
      });
    else first.set(hash, { idHash: hash, contentHash: contentHash(scope.kind, raw), raw });
  });
  const silent = isSilent(scope);
  if (silent && first.size > 0) {
    errors.push({
      path,
      code: "not_taken",
      message: `a ${scope.status} scope has no resources; ${first.size} were not taken`,
    });
  }
  return { scope, name: scopeName(scope), resources: silent ? [] : [...first.values()] };
}

function cut(scope: Cutable, shardCount: number): (Entry & { raw: Raw })[][] {
  const shards = Array.from({ length: shardCount }, (): (Entry & { raw: Raw })[] => []);
  for (const resource of scope.resources) shards[shardOf(resource.idHash, shardCount)]?.push(resource);
  return shards.some((shard) => shard.length > SHARD_RESOURCES) ? cut(scope, shardCount * 2) : shards;
}

function toOpenRun(
  context: Context,
  payload: Discovery,
  run: string,
  scopes: readonly Cutable[],
  counts: ReadonlyMap<string, number>,
): OpenRun {
  const open = scopes.map(({ scope, name, resources, ...rest }) => {
    const { provider, account, region, kind, status } = scope;
    const shards = isSilent(scope) ? [] : cut({ scope, name, resources, ...rest }, counts.get(name) ?? 1);
    const digest = createScopeDigest(status, scope.errors);
    digest.add(packEntries(resources));
    return {
      provider,
      account,
      region,
      kind,
      status,
      name,
      errors: scope.errors,
      resources: resources.length,
      digest: digest.finish(),
      shards: shards.map((shard) => shardDigest(packEntries(shard))),
    };
  });
  return {
    contract: payload.contract,
    run,
    collectorVersion: payload.collectorVersion,
    startedAt: payload.startedAt ?? context.now().toISOString(),
    intervalSeconds: payload.intervalSeconds,
    root: rootDigest(open),
    scopes: open,
  };
}
