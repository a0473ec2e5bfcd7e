import type { Context as LambdaContext } from "aws-lambda";
import type { Env, Hono } from "hono";
import { handle, type LambdaEvent } from "hono/aws-lambda";

const SHARD = /^(\/api\/v1\/discovery\/runs\/[^/]+\/scopes\/)(.+)(\/shards\/\d+)$/;

/**
 * The path as it was requested. An HTTP API hands on `rawPath` decoded, though a collector's signature covers it as it was sent;
 * a scope's name is the one signed part with slashes in it. Elsewhere a slash stays one: those routes take slashes.
 */
export function toRequestedPath(decoded: string): string {
  const encode = (text: string) => text.split("/").map(encodeURIComponent).join("/");
  const [, before, scope, after] = SHARD.exec(decoded) ?? [];
  if (before === undefined || scope === undefined || after === undefined) return encode(decoded);
  return `${encode(before)}${encodeURIComponent(scope)}${after}`;
}

type Answer = Awaited<ReturnType<ReturnType<typeof handle>>>;

/** The Lambda handler of an app behind an API Gateway HTTP API, payload format 2.0. */
export function createHttpApiHandler<E extends Env>(app: Hono<E>) {
  const answer = handle(app);
  return async function handler(event: LambdaEvent, context?: LambdaContext): Promise<Answer> {
    const requested = "rawPath" in event ? { ...event, rawPath: toRequestedPath(event.rawPath) } : event;
    return answer(requested, context as Parameters<typeof answer>[1]);
  };
}
