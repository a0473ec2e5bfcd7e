import type { Context } from "hono";

/** What a request carries through the app for its log line. */
export interface ApiEnv {
  Variables: {
    requestId: string;
    /** The route's pattern: what was in its place is not logged. */
    route?: string;
    actor?: string;
    code?: string;
    hasSecret?: boolean;
    /** The caller is an operator, who is told what the request cost. */
    showsCost?: boolean;
  };
}

export type ApiContext = Context<ApiEnv>;
