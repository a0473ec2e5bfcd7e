import { AREAS, type Areas } from "@cadastre/contract/endpoints/all";
import { ACCESS_ROUTES } from "./access.ts";
import { ACCOUNT_ROUTES } from "./accounts.ts";
import { AUDIT_ROUTES } from "./audit.ts";
import { AUTH_ROUTES } from "./auth.ts";
import { CHANGE_ROUTES } from "./changes.ts";
import { CLIENT_LOGIN_ROUTES } from "./client-logins.ts";
import { COLLECTOR_ROUTES } from "./collectors.ts";
import { CONSUMER_ROUTES } from "./consumers.ts";
import { CREDENTIAL_ROUTES } from "./credentials.ts";
import { DISCOVERY_ROUTES } from "./discovery.ts";
import { FACTOR_ROUTES } from "./factors.ts";
import { GROUP_ROUTES } from "./groups.ts";
import { HOLD_ROUTES } from "./holds.ts";
import { IDENTITY_PROVIDER_ROUTES } from "./identity-providers.ts";
import { JOB_ROUTES } from "./jobs.ts";
import { OAUTH_ROUTES } from "./oauth.ts";
import { OIDC_ROUTES } from "./oidc.ts";
import { ORGANIZATION_ROUTES } from "./organizations.ts";
import { POLICY_ROUTES } from "./policies.ts";
import { RESOURCE_ROUTES } from "./resources.ts";
import { ROLE_BINDING_ROUTES } from "./role-bindings.ts";
import { implementOnDemand, type Route } from "./route.ts";
import { RUN_ROUTES } from "./runs.ts";
import { SCIM_SOURCE_ROUTES } from "./scim-sources.ts";
import { SCOPE_ROUTES } from "./scopes.ts";
import { SERVICE_ROUTES } from "./service.ts";
import { SERVICE_ACCOUNT_ROUTES } from "./service-accounts.ts";
import { SESSION_ROUTES } from "./sessions.ts";
import { TOKEN_ROUTES } from "./tokens.ts";
import { TRUST_RULE_ROUTES } from "./trust-rules.ts";
import { USER_ROUTES } from "./users.ts";

/** An area that a process begins without: what belongs to address space is a third of all, and most requests are about none of these. */
const onDemand = (area: keyof Areas, load: () => Promise<readonly Route[]>) => implementOnDemand(AREAS[area], load);

/** An area of the contract that is missing here is refused by the compiler, and so is one that the contract does not have. */
const BY_AREA: { readonly [Area in keyof Areas]: readonly Route[] } = {
  discovery: DISCOVERY_ROUTES,
  scopes: SCOPE_ROUTES,
  runs: RUN_ROUTES,
  holds: HOLD_ROUTES,
  collectors: COLLECTOR_ROUTES,
  accounts: ACCOUNT_ROUTES,
  addressSpaces: onDemand("addressSpaces", async () => (await import("./address-spaces.ts")).ADDRESS_SPACE_ROUTES),
  addressImports: onDemand("addressImports", async () => (await import("./address-imports.ts")).ADDRESS_IMPORT_ROUTES),
  spaceTags: onDemand("spaceTags", async () => (await import("./space-tags.ts")).SPACE_TAG_ROUTES),
  vlanGroups: onDemand("vlanGroups", async () => (await import("./vlans.ts")).VLAN_GROUP_ROUTES),
  vlans: onDemand("vlans", async () => (await import("./vlans.ts")).VLAN_ROUTES),
  ips: onDemand("ips", async () => (await import("./ips.ts")).IP_ROUTES),
  ranges: onDemand("ranges", async () => (await import("./ranges.ts")).RANGE_ROUTES),
  addressAnalysis: onDemand(
    "addressAnalysis",
    async () => (await import("./address-analysis.ts")).ADDRESS_ANALYSIS_ROUTES,
  ),
  discovered: onDemand("discovered", async () => (await import("./discovered.ts")).DISCOVERED_ROUTES),
  drift: onDemand("drift", async () => (await import("./drift.ts")).DRIFT_ROUTES),
  resources: RESOURCE_ROUTES,
  changes: CHANGE_ROUTES,
  consumers: CONSUMER_ROUTES,
  credentials: CREDENTIAL_ROUTES,
  tokens: TOKEN_ROUTES,
  trustRules: TRUST_RULE_ROUTES,
  auth: AUTH_ROUTES,
  oidc: OIDC_ROUTES,
  oauth: OAUTH_ROUTES,
  clientLogins: CLIENT_LOGIN_ROUTES,
  sessions: SESSION_ROUTES,
  factors: FACTOR_ROUTES,
  identityProviders: IDENTITY_PROVIDER_ROUTES,
  users: USER_ROUTES,
  serviceAccounts: SERVICE_ACCOUNT_ROUTES,
  groups: GROUP_ROUTES,
  organizations: ORGANIZATION_ROUTES,
  roleBindings: ROLE_BINDING_ROUTES,
  policies: POLICY_ROUTES,
  access: ACCESS_ROUTES,
  scimSources: SCIM_SOURCE_ROUTES,
  scim: onDemand("scim", async () => (await import("./scim.ts")).SCIM_ROUTES),
  jobs: JOB_ROUTES,
  forwarders: onDemand("forwarders", async () => (await import("./forwarders.ts")).FORWARDER_ROUTES),
  audit: AUDIT_ROUTES,
  service: SERVICE_ROUTES,
};

/** All that the API serves, in the order in which paths are tried. */
export const ROUTES: readonly Route[] = Object.values(BY_AREA).flat();
