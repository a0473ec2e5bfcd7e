import { lookup } from "node:dns";
import { type ClientRequest, type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import type { LookupFunction } from "node:net";
import { blockedAddress, blockedUrl, type Outside, type Reach } from "@cadastre/core/limits/outside";
import { tryParseAddress } from "@cadastre/net/address";

const TIMEOUT_MILLISECONDS = 5000;
const MOST_BYTES = 256 * 1024;
/** Statuses whose answers have no body. */
const EMPTY: readonly number[] = [204, 205, 304];

/** Looks a name up, and refuses it when any of its addresses is one that nobody may be asked at: what is looked up is what is connected to. */
const guardedLookup =
  (reach: Reach): LookupFunction =>
  (hostname, options, done) =>
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return done(error, "", 0);
      for (const { address } of found) {
        const parsed = tryParseAddress(address);
        const blocked = parsed ? blockedAddress(parsed, reach) : "has no address";
        if (blocked !== undefined) return done(new Error(`${hostname} ${blocked}`), "", 0);
      }
      const [first] = found;
      if (options.all) return done(null, found);
      return first ? done(null, first.address, first.family) : done(new Error(`${hostname} has no address`), "", 0);
    });

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MOST_BYTES) throw new Error(`the answer has more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function answered(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => request.once("response", resolve).once("error", reject));
}

/**
 * Asks others on the internet: over HTTPS, at the very address that was checked, following no redirect, for five seconds and 256 KB at the
 * most. `reach` may let it ask this machine too, over plain HTTP. Throws an Error for whatever keeps it from an answer.
 */
export function createOutside(reach: Reach): Outside {
  return {
    ...reach,
    async fetch(url, init) {
      const target = new URL(url);
      const blocked = blockedUrl(target, reach);
      if (blocked !== undefined) throw new Error(`${target.host} ${blocked}`);
      // Its method, headers and body as any fetch takes them.
      const sent = new Request(target, { ...init, redirect: "manual" });
      const body = Buffer.from(await sent.arrayBuffer());
      const send = target.protocol === "https:" ? requestSecure : requestPlain;
      const limit = AbortSignal.timeout(TIMEOUT_MILLISECONDS);
      const request = send(target, {
        method: sent.method,
        headers: {
          ...Object.fromEntries(sent.headers),
          ...(sent.method === "GET" ? {} : { "content-length": body.byteLength }),
        },
        lookup: guardedLookup(reach),
        agent: false,
        signal: AbortSignal.any([limit, sent.signal]),
      });
      const response = answered(request);
      request.end(body);
      try {
        const { statusCode: status = 0, headers } = await response;
        const text = await bodyOf(await response);
        const shown = new Headers();
        for (const [name, value] of Object.entries(headers)) shown.set(name, [value].flat().join(", "));
        return new Response(EMPTY.includes(status) ? null : new Uint8Array(text), { status, headers: shown });
      } finally {
        request.destroy();
      }
    },
  };
}
