import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";

const nothing = ["'none'"];
const self = ["'self'"];
const closed = { defaultSrc: nothing, baseUri: nothing, formAction: nothing, frameAncestors: nothing };

const COMMON = { xFrameOptions: "DENY", strictTransportSecurity: "max-age=31536000; includeSubDomains" };

/** For answers that are data: a browser that shows one runs nothing. */
const forData = secureHeaders({ ...COMMON, contentSecurityPolicy: closed });

/** For the page of the scopes: its own script and style, and requests to this API. */
const forPage = secureHeaders({
  ...COMMON,
  contentSecurityPolicy: { ...closed, scriptSrc: self, styleSrc: self, connectSrc: self, imgSrc: self },
});

/** For the documentation: Swagger UI sets style attributes and has its icons as data. */
const forDocs = secureHeaders({
  ...COMMON,
  contentSecurityPolicy: {
    ...closed,
    scriptSrc: self,
    styleSrc: ["'self'", "'unsafe-inline'"],
    connectSrc: self,
    imgSrc: ["'self'", "data:"],
  },
});

const PAGES = new Set(["/", "/setup", "/login", "/device", "/authorize"]);

/** Security headers, by what is at the path; nothing of the API is cached. */
export const securityHeaders: MiddlewareHandler = async function securityHeaders(c, next) {
  if (c.req.path.startsWith("/api/docs")) return forDocs(c, next);
  if (PAGES.has(c.req.path) || c.req.path.startsWith("/login/") || c.req.path.startsWith("/assets/"))
    return forPage(c, next);
  await forData(c, next);
  if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store");
};
