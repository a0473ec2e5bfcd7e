import { ACCOUNT_ROUTES } from "./accounts.ts";
import { AUDIT_ROUTES } from "./audit.ts";
import { COLLECTOR_ROUTES } from "./collector-facing.ts";
import { COLLECTORS_ROUTES } from "./collectors.ts";
import { CREDENTIAL_ROUTES } from "./credentials.ts";
import { DISCOVERY_ROUTES } from "./discovery.ts";
import { PAGE_ROUTES } from "./pages.ts";
import { RESOURCE_ROUTES } from "./resources.ts";
import type { Route } from "./route.ts";
import { TOKEN_ROUTES } from "./tokens.ts";

/**
 * All that the API serves, in the order in which paths are tried. The app is wired from it, the OpenAPI document is made from
 * it, and every test of security, audit and form runs over it.
 */
export const ROUTES: readonly Route[] = [
  ...COLLECTOR_ROUTES,
  ...DISCOVERY_ROUTES,
  ...COLLECTORS_ROUTES,
  ...ACCOUNT_ROUTES,
  ...RESOURCE_ROUTES,
  ...CREDENTIAL_ROUTES,
  ...TOKEN_ROUTES,
  ...AUDIT_ROUTES,
  ...PAGE_ROUTES,
];
