import type { Context } from "hono";
import type { RequestOrigin } from "./origin.ts";

/** What a request carries through the app for its log line. */
export interface ApiEnv {
  Variables: {
    requestId: string;
    /** The route's pattern: what was in its place is not logged. */
    route?: string;
    actor?: string;
    origin?: RequestOrigin;
    code?: string;
    hasSecret?: boolean;
    /** The caller is an operator, who is told what the request cost. */
    showsCost?: boolean;
  };
}

export type ApiContext = Context<ApiEnv>;
