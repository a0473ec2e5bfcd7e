import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import {
  contentHash,
  createScopeDigest,
  idHash,
  packEntries,
  rootDigest,
  shardDigest,
  shardOf,
} from "@cadastre/contract/digest";
import { GZIP_TYPE, type OpenRun, openRun } from "@cadastre/contract/discovery";
import { type ErrorCode, ProblemError } from "@cadastre/contract/errors";
import type { PublicKey } from "@cadastre/contract/keys";
import { fromScopePath, scopeName } from "@cadastre/contract/scope";
import { verifyRequest } from "@cadastre/contract/signature";

type Wire = { readonly id: string; readonly [member: string]: unknown };

interface KnownScope {
  digest: string;
  /** Natural id to content hash, as they are registered. */
  resources: Map<string, string>;
  shards: string[];
}

interface ReferenceRun {
  readonly opened: OpenRun;
  readonly shards: Map<string, Wire[]>;
  readonly wanted: Set<string>;
}

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly bytes: number;
  readonly type: string | undefined;
}

/** A fault: answer instead of the API (`status`), or cut the connection. */
export type Fault =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  | "drop";

export interface ReferenceApi {
  readonly url: string;
  /** Every request that arrived, faults included. */
  readonly seen: Seen[];
  readonly nonces: string[];
  /** Runs in the order in which they were completed (or found unchanged). */
  readonly delivered: string[];
  readonly scopes: Map<string, KnownScope>;
  /** How many shard uploads changed anything. */
  applied: number;
  /** Called for each request before it is handled. */
  fault: (request: Seen) => Fault | undefined;
  /** Number of shards that a scope is asked to have, by its name. */
  readonly shardCounts: Map<string, number>;
  /** Shards that are forgotten once, at the first completion: `scope#shard`. */
  readonly lose: Set<string>;
  close(): Promise<void>;
}

const problem = (response: ServerResponse, status: number, body: object) => {
  response.writeHead(status, { "content-type": "application/problem+json" }).end(JSON.stringify(body));
};

function entriesOf(kind: OpenRun["scopes"][number]["kind"], resources: readonly Wire[]) {
  return resources.map((resource) => ({ idHash: idHash(kind, resource.id), contentHash: contentHash(kind, resource) }));
}

/** The collector's side of the API in memory, strict: signatures, digests of every shard, of the scope and of the run are checked. */
export async function startReferenceApi(publicKey: PublicKey, now: () => Date, port = 0): Promise<ReferenceApi> {
  const runs = new Map<string, ReferenceRun>();
  const closed = new Map<string, object>();
  const scopes = new Map<string, KnownScope>();

  function openRunOf(body: unknown) {
    const opened = openRun.parse(body);
    if (closed.has(opened.run)) {
      return { run: opened.run, state: "unchanged", scopes: opened.scopes.map(() => ({ verdict: "unchanged" })) };
    }
    const digests = opened.scopes.map((scope) => ({ name: scopeName(scope), digest: scope.digest }));
    if (rootDigest(digests) !== opened.root) throw new ProblemError("discovery.digest_mismatch", "root");
    const before = runs.get(opened.run);
    const run: ReferenceRun = { opened, shards: before?.shards ?? new Map(), wanted: new Set() };
    const verdicts = opened.scopes.map((scope) => {
      const name = scopeName(scope);
      const known = scopes.get(name);
      const count = api.shardCounts.get(name);
      if (known?.digest === scope.digest) return { verdict: "unchanged" };
      if (scope.shards.length === 0) return { verdict: "recorded" };
      if (count !== undefined && count !== scope.shards.length) return { verdict: "reshard", shardCount: count };
      const same = known?.shards.length === scope.shards.length;
      const want = scope.shards.flatMap((digest, at) => (same && known.shards[at] === digest ? [] : [at]));
      for (const at of want) run.wanted.add(`${name}#${at}`);
      return { verdict: "upload", want };
    });
    const state = verdicts.every((v) => v.verdict === "unchanged") ? "unchanged" : "open";
    if (state === "unchanged") api.delivered.push(opened.run);
    else if (!verdicts.some((v) => v.verdict === "reshard")) runs.set(opened.run, run);
    return { run: opened.run, state, scopes: verdicts };
  }

  function putShard(id: string, name: string, shard: number, body: { resources: Wire[] }) {
    const run = runs.get(id);
    const scope = run?.opened.scopes.find((s) => scopeName(s) === name);
    if (!run || !scope) throw new ProblemError("discovery.scope_not_open");
    if (!run.wanted.has(`${name}#${shard}`)) throw new ProblemError("discovery.shard_not_wanted");
    const entries = entriesOf(scope.kind, body.resources);
    const misplaced = entries.some((entry) => shardOf(entry.idHash, scope.shards.length) !== shard);
    if (misplaced || shardDigest(packEntries(entries)) !== scope.shards[shard]) {
      throw new ProblemError("discovery.digest_mismatch", `${name} ${shard}`);
    }
    run.shards.set(`${name}#${shard}`, body.resources);
    api.applied += 1;
    return { state: "applied", created: 0, updated: 0, unchanged: 0, missing: 0 };
  }

  function applyScope(run: ReferenceRun, scope: OpenRun["scopes"][number]) {
    const name = scopeName(scope);
    const { digest: _, shards: __, errors: ___, ...key } = scope;
    const known = scopes.get(name) ?? { digest: "", resources: new Map(), shards: [] };
    const counts = { created: 0, updated: 0, unchanged: 0, retired: 0 };
    if (scope.shards.length === 0 || known.digest === scope.digest)
      return { ...key, ...counts, unchanged: scope.resources };
    const inShard = (id: string) => shardOf(idHash(scope.kind, id), scope.shards.length);
    const next = new Map<string, string>();
    for (const [id, hash] of known.resources) if (!run.wanted.has(`${name}#${inShard(id)}`)) next.set(id, hash);
    for (let shard = 0; shard < scope.shards.length; shard++) {
      for (const resource of run.shards.get(`${name}#${shard}`) ?? [])
        next.set(resource.id, contentHash(scope.kind, resource));
    }
    for (const [id, hash] of next) {
      const before = known.resources.get(id);
      counts[before === undefined ? "created" : before === hash ? "unchanged" : "updated"] += 1;
    }
    for (const [id, hash] of known.resources) {
      if (next.has(id)) continue;
      if (scope.status === "complete") counts.retired += 1;
      else next.set(id, hash);
    }
    if (scope.status === "complete") {
      const digest = createScopeDigest(scope.status, scope.errors);
      digest.add(packEntries([...next].map(([id, contentHash]) => ({ idHash: idHash(scope.kind, id), contentHash }))));
      if (digest.finish() !== scope.digest) throw new ProblemError("discovery.digest_mismatch", name);
    }
    scopes.set(name, { digest: scope.digest, resources: next, shards: scope.shards });
    return { ...key, ...counts };
  }

  function complete(id: string) {
    const before = closed.get(id);
    if (before) return before;
    const run = runs.get(id);
    if (!run) throw new ProblemError("discovery.run_not_found");
    for (const lost of api.lose) if (run.shards.delete(lost)) api.lose.delete(lost);
    const missing = Map.groupBy(
      [...run.wanted].filter((shard) => !run.shards.has(shard)).map((shard) => shard.split("#") as [string, string]),
      ([scope]) => scope,
    );
    if (missing.size > 0) {
      const list = [...missing].map(([scope, shards]) => ({ scope, shards: shards.map(([, shard]) => Number(shard)) }));
      throw new ProblemError("discovery.shards_missing", undefined, { extra: { missing: list } });
    }
    const rows = run.opened.scopes
      .filter((scope) => scopes.get(scopeName(scope))?.digest !== scope.digest)
      .map((scope) => applyScope(run, scope));
    runs.delete(id);
    api.delivered.push(id);
    const totals = { resources: 0, created: 0, updated: 0, unchanged: 0, retired: 0 };
    const answer = { run: id, state: "closed", scopes: rows, totals };
    closed.set(id, answer);
    return answer;
  }

  function route(method: string, path: string, body: unknown): unknown {
    const parts = path.split("/").slice(1).map(decodeURIComponent);
    if (method === "POST" && path === "/api/v1/discovery/runs") return openRunOf(body);
    if (method === "PUT" && parts[6])
      return putShard(parts[4] as string, fromScopePath(parts[6]), Number(parts[8]), body as { resources: Wire[] });
    if (method === "POST" && parts[5] === "complete") return complete(parts[4] as string);
    throw new ProblemError("request.not_found");
  }

  async function handle(request: IncomingMessage, response: ServerResponse) {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const method = request.method as string;
    const path = request.url as string;
    const seen = { method, path, bytes: body.length, type: request.headers["content-type"] };
    api.seen.push(seen);
    const fault = api.fault(seen);
    if (fault === "drop") return request.socket.destroy();
    if (fault) return response.writeHead(fault.status, fault.headers).end(JSON.stringify(fault.body ?? {}));
    const headers = new Headers(
      Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const resolve = async (keyId: string) => (keyId === publicKey.fingerprint ? publicKey : undefined);
    const verified = await verifyRequest({ method, url: `${api.url}${path}`, headers, body }, resolve, now());
    if (api.nonces.includes(verified.nonce)) throw new ProblemError("signature.replayed");
    api.nonces.push(verified.nonce);
    const plain = seen.type === GZIP_TYPE ? gunzipSync(body) : body;
    const answer = route(method, path, plain.length > 0 ? JSON.parse(plain.toString()) : undefined);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (!(error instanceof ProblemError))
        return problem(response, 500, { code: "service.internal" satisfies ErrorCode, detail: String(error) });
      problem(response, error.status, { code: error.code, detail: error.message, requestId: "req_1", ...error.extra });
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const api: ReferenceApi = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    nonces: [],
    delivered: [],
    scopes,
    applied: 0,
    fault: () => undefined,
    shardCounts: new Map(),
    lose: new Set(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return api;
}
