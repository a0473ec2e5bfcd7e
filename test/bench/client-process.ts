import { createHash, createPrivateKey } from "node:crypto";
import { gzipSync } from "node:zlib";
import { rootDigest } from "@cadastre/contract/digest";
import { DISCOVERY_VERSION } from "@cadastre/contract/discovery";
import { newId } from "@cadastre/contract/ids";
import { createKeySigner } from "@cadastre/contract/keys";
import { type ScopeKey, scopeName } from "@cadastre/contract/scope";
import { signRequest } from "@cadastre/contract/signature";
import { serveCalls } from "./calls.ts";
import { beginGauge } from "./gauge.ts";

/* A client in a process of its own: a bounded number of requests to one API on loopback. */

async function requireOk(response: Response): Promise<string> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.url} was answered ${response.status}: ${text}`);
  return text;
}

/** Sends `requests` in all, some at a time; each worker waits for its answer before it sends the next. */
async function sendAll(requests: number, workers: number, send: (worker: number) => Promise<void>) {
  let left = requests;
  const gauge = beginGauge();
  await Promise.all(
    Array.from({ length: workers }, async (_, worker) => {
      while (left-- > 0) await send(worker);
    }),
  );
  return gauge();
}

const post = async (of: { url: string; token: string; path: string; body: object }): Promise<string> => {
  const headers = { authorization: `Bearer ${of.token}`, "content-type": "application/json" };
  return requireOk(await fetch(`${of.url}${of.path}`, { method: "POST", headers, body: JSON.stringify(of.body) }));
};

const hash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 32);

/** A run of so many scopes with a shard each, 40 of them in an account; every variant has other content. */
function anOpening(count: number, variant: number): string {
  const scopes = Array.from({ length: count }, (_, n) => {
    const account = String(200_000_000_000 + Math.floor(n / 40));
    const key: ScopeKey = { provider: "aws", account, region: `region-${n % 40}`, kind: "instance" };
    const digest = hash(`${n} ${variant}`);
    return { ...key, name: scopeName(key), status: "complete", errors: [], resources: 3, digest, shards: [digest] };
  });
  return JSON.stringify({
    contract: DISCOVERY_VERSION,
    run: newId("run", new Date()),
    collectorVersion: "bench",
    startedAt: new Date().toISOString(),
    root: rootDigest(scopes),
    scopes: scopes.map(({ name: _, ...scope }) => scope),
  });
}

interface MixedLoad {
  readonly url: string;
  readonly token: string;
  readonly workers: number;
  readonly seconds: number;
  readonly drawn: readonly { readonly method: string; readonly path: string; readonly body?: string }[];
}

interface MixedResult {
  readonly milliseconds: number[];
  readonly failures: Readonly<Record<string, number>>;
  readonly seconds: number;
}

const handlers = {
  /** Opens a run, compressed as a collector sends it. */
  async open(options: { url: string; privateKey: string; scopes: number; variant: number }) {
    const target = `${options.url}/api/v1/discovery/runs`;
    const body = gzipSync(anOpening(options.scopes, options.variant));
    const unsigned = { method: "POST", url: target, contentType: "application/gzip", body };
    const headers = await signRequest(unsigned, createKeySigner(createPrivateKey(options.privateKey)), new Date());
    const gauge = beginGauge();
    await requireOk(await fetch(target, { method: "POST", headers, body }));
    return gauge();
  },
  /** Times of GETs one after the other, in milliseconds. */
  async get({ url, token, paths }: { url: string; token: string; paths: readonly string[] }): Promise<number[]> {
    const milliseconds: number[] = [];
    for (const path of paths) {
      const started = performance.now();
      await requireOk(await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } }));
      milliseconds.push(performance.now() - started);
    }
    return milliseconds;
  },
  reads: ({
    url,
    token,
    path,
    requests,
    workers,
  }: {
    url: string;
    token: string;
    path: string;
    requests: number;
    workers: number;
  }) =>
    sendAll(requests, workers, async () => {
      await requireOk(await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } }));
    }),
  /** Makes one thing; answers its id. */
  make: async (of: { url: string; token: string; path: string; body: object }) =>
    (JSON.parse(await post(of)) as { id: string }).id,
  /** Posts the same so often. */
  makeMany: ({
    requests,
    workers,
    ...of
  }: {
    url: string;
    token: string;
    path: string;
    body: object;
    requests: number;
    workers: number;
  }) =>
    sendAll(requests, workers, async () => {
      await post(of);
    }),
  /**
   * Sends what is drawn of some requests, so many at a time, for some seconds. Answers how many were answered, how long each took in
   * milliseconds, and how many were answered otherwise than well, by status; 0 stands for no answer.
   */
  async mix({ url, token, workers, seconds, drawn }: MixedLoad): Promise<MixedResult> {
    const until = performance.now() + seconds * 1000;
    const milliseconds: number[] = [];
    const failures: Record<string, number> = {};
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const gauge = beginGauge();
    await Promise.all(
      Array.from({ length: workers }, async (_, worker) => {
        for (let n = worker; performance.now() < until; n += workers) {
          const { method, path, body } = drawn[n % drawn.length] as MixedLoad["drawn"][number];
          const started = performance.now();
          const status = await fetch(`${url}${path}`, {
            method,
            headers,
            ...(body === undefined ? {} : { body }),
          }).then(
            async (response) => {
              await response.arrayBuffer();
              return response.status;
            },
            () => 0,
          );
          milliseconds.push(performance.now() - started);
          if (status < 200 || status > 299) failures[status] = (failures[status] ?? 0) + 1;
        }
      }),
    );
    return { milliseconds, failures, seconds: gauge().seconds };
  },
  /** Posts a run, each worker as a collector of its own. Every request is signed anew. */
  posts: ({
    url,
    privateKeys,
    body,
    requests,
  }: {
    url: string;
    privateKeys: readonly string[];
    body: string;
    requests: number;
  }) => {
    const signers = privateKeys.map((key) => createKeySigner(createPrivateKey(key)));
    const target = `${url}/api/v1/discovery`;
    const bytes = Buffer.from(body);
    return sendAll(requests, signers.length, async (worker) => {
      const signer = signers[worker];
      if (!signer) throw new Error("no key");
      const unsigned = { method: "POST", url: target, contentType: "application/json", body: bytes };
      const headers = await signRequest(unsigned, signer, new Date());
      await requireOk(await fetch(target, { method: "POST", headers, body: bytes }));
    });
  },
};

export type ClientHandlers = typeof handlers;

serveCalls(handlers);
