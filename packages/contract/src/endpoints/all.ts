import { access } from "./access.ts";
import { accounts } from "./accounts.ts";
import { addressAnalysis } from "./address-analysis.ts";
import { addressImports } from "./address-imports.ts";
import { addressSpaces } from "./address-spaces.ts";
import { audit } from "./audit.ts";
import { auth } from "./auth.ts";
import { changes } from "./changes.ts";
import { clientLogins } from "./client-logins.ts";
import { collectors } from "./collectors.ts";
import { consumers } from "./consumers.ts";
import { credentials } from "./credentials.ts";
import { discovered } from "./discovered.ts";
import { discovery } from "./discovery.ts";
import { drift } from "./drift.ts";
import type { Endpoint } from "./endpoint.ts";
import { factors } from "./factors.ts";
import { forwarders } from "./forwarders.ts";
import { groups } from "./groups.ts";
import { holds } from "./holds.ts";
import { identityProviders } from "./identity-providers.ts";
import { ips } from "./ips.ts";
import { jobs } from "./jobs.ts";
import { oauth } from "./oauth.ts";
import { oidc } from "./oidc.ts";
import { organizations } from "./organizations.ts";
import { policies } from "./policies.ts";
import { ranges } from "./ranges.ts";
import { resources } from "./resources.ts";
import { roleBindings } from "./role-bindings.ts";
import { runs } from "./runs.ts";
import { scim } from "./scim.ts";
import { scimSources } from "./scim-sources.ts";
import { scopes } from "./scopes.ts";
import { service } from "./service.ts";
import { serviceAccounts } from "./service-accounts.ts";
import { sessions } from "./sessions.ts";
import { spaceTags } from "./space-tags.ts";
import { tokens } from "./tokens.ts";
import { trustRules } from "./trust-rules.ts";
import { users } from "./users.ts";
import { vlanGroups, vlans } from "./vlans.ts";

/**
 * All that the API serves, by area and verb, in the order in which paths are tried. Routes, client, OpenAPI document and the
 * routes of a deployment are made from it, and the tests of security, audit and form run over it.
 */
export const AREAS = {
  discovery,
  scopes,
  runs,
  holds,
  collectors,
  accounts,
  addressSpaces,
  addressImports,
  spaceTags,
  vlanGroups,
  vlans,
  ips,
  ranges,
  addressAnalysis,
  discovered,
  drift,
  resources,
  changes,
  consumers,
  credentials,
  tokens,
  trustRules,
  auth,
  oidc,
  oauth,
  clientLogins,
  sessions,
  factors,
  identityProviders,
  users,
  serviceAccounts,
  groups,
  organizations,
  roleBindings,
  policies,
  access,
  scimSources,
  scim,
  jobs,
  forwarders,
  audit,
  service,
} as const;
export type Areas = typeof AREAS;

export const ENDPOINTS: readonly Endpoint[] = Object.values(AREAS).flatMap((area) => Object.values<Endpoint>(area));
