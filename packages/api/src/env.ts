import type { Actor } from "@cadastre/core/context";
import type { Context } from "hono";
import type { RequestOrigin } from "./origin.ts";

/** What a request carries through the app for its log line. */
export interface ApiEnv {
  /** What the runtime says of where a request comes from: our server gives it, and Lambda's event has it. */
  Bindings: {
    readonly remoteAddress?: string | undefined;
    readonly requestContext?: { readonly http?: { readonly sourceIp?: string } };
  };
  Variables: {
    requestId: string;
    /** The route's pattern: what was in its place is not logged. */
    route?: string;
    actor?: string;
    origin?: RequestOrigin;
    /** Does beside the request what is not of it, and is not told as its cost. */
    beside?: (work: () => Promise<void>) => void;
    /** Who it is from, once that is proved. */
    caller?: Actor;
    /** Where it came from, in canonical form. */
    address?: string | undefined;
    /** What its answer has beside what its endpoint says: limits, and cookies. */
    answerHeaders?: Headers;
    code?: string;
    hasSecret?: boolean;
    /** The caller is an operator who may see all, and is told what the request cost. */
    showsCost?: boolean;
  };
}

export type ApiContext = Context<ApiEnv>;
