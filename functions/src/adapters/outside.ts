import { type LookupAddress, lookup as lookUp } from "node:dns";
import { request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import type { LookupFunction } from "node:net";
import type { Readable } from "node:stream";
import {
  addressOfHost,
  blockedAddress,
  blockedUrl,
  type Outside,
  OutsideError,
  type Reach,
} from "@cadastre/core/limits/outside";
import { tryParseAddress } from "@cadastre/net/address";

/** A document of a provider, its keys, or its answer to a code have some kilobytes. */
const MOST_BYTES = 512 * 1024;
const TIMEOUT_MILLISECONDS = 10_000;

/** How names are looked up: all their addresses. */
type Resolve = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

/**
 * Looks a name up and answers only addresses that may be connected to: what is connected to is what was looked at. One address that may not
 * be is enough to refuse the name, since a name of the internet has none.
 */
function guardedLookup(reach: Reach, resolve: Resolve): LookupFunction {
  return function lookup(hostname, options, callback) {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const blocked = found.flatMap(({ address }) => {
        const parsed = tryParseAddress(address);
        return parsed === undefined ? ["is no address"] : (blockedAddress(parsed, reach) ?? []);
      });
      if (blocked.length > 0) return callback(new OutsideError(hostname, `it ${blocked[0]}`), []);
      const [first] = found;
      if (!first) return callback(new OutsideError(hostname, "it has no address"), []);
      if (options.all) return callback(null, found);
      callback(null, first.address, first.family);
    });
  };
}

/** Nothing is sent or read for ever, and nothing is kept that is too large. */
async function readBounded(host: string, body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MOST_BYTES) throw new OutsideError(host, `it answers more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Statuses whose answers have no body (Fetch Standard). */
const BODILESS = [101, 204, 205, 304];

/**
 * How identity providers, issuers and AWS are asked: over HTTPS at addresses of the internet alone, unless `reach` says more; no redirect is followed, answers
 * have at most 512 KB and come within ten seconds. Throws OutsideError.
 */
export function createOutside(reach: Reach, { resolve = lookUp }: { readonly resolve?: Resolve } = {}): Outside {
  const lookup = guardedLookup(reach, resolve);
  async function ask(text: string, init: object) {
    const url = new URL(text);
    const { host } = url;
    const blocked = blockedUrl(url, reach);
    if (blocked !== undefined) throw new OutsideError(host, blocked);
    // Its method, headers and body as any fetch takes them.
    const given = new Request(url, { ...init, redirect: "manual" });
    const sent = Buffer.from(await given.arrayBuffer());
    const timeout = AbortSignal.timeout(TIMEOUT_MILLISECONDS);
    const request = url.protocol === "https:" ? secureRequest : plainRequest;
    const { promise, resolve: answered, reject } = Promise.withResolvers<Response>();
    const sending = request(
      url,
      {
        method: given.method,
        headers: {
          ...Object.fromEntries(given.headers),
          "accept-encoding": "identity",
          ...(sent.byteLength > 0 ? { "content-length": sent.byteLength } : {}),
        },
        signal: AbortSignal.any([given.signal, timeout]),
        // An address in the URL itself is not looked up: it was looked at above.
        ...(addressOfHost(url.hostname) === undefined ? { lookup } : {}),
        agent: false,
      },
      (response) => {
        readBounded(host, response)
          .then((bytes) => {
            const status = response.statusCode ?? 0;
            const shown = Object.entries(response.headersDistinct).flatMap(([name, values = []]) =>
              values.map((value): [string, string] => [name, value]),
            );
            answered(
              new Response(BODILESS.includes(status) ? null : new Uint8Array(bytes), { status, headers: shown }),
            );
          })
          .catch((cause: unknown) => {
            response.destroy();
            reject(cause instanceof OutsideError ? cause : new OutsideError(host, "it breaks off", { cause }));
          });
      },
    );
    sending.on("error", (cause) =>
      reject(cause instanceof OutsideError ? cause : new OutsideError(host, "it does not answer", { cause })),
    );
    sending.end(sent);
    return promise;
  }
  return { ...reach, fetch: ask };
}
