/** What people come for, in the order in which they do, and the areas of endpoints that serve it. */
export const TASKS = [
  {
    name: "Find",
    about:
      "Whose is this address, what is in that network, what ends when: search, lists, counts, one resource and its history.",
    areas: ["resources"],
  },
  {
    name: "Changes",
    about: "What changed, from what to what, as a list or as it happens; and who reads that feed.",
    areas: ["changes", "consumers"],
  },
  {
    name: "Completeness",
    about: "What was looked at, when, and what was denied; losses that wait for a decision; asking for a new look.",
    areas: ["scopes", "holds", "runs"],
  },
  {
    name: "Address spaces",
    about: "Where addresses are planned: spaces in which prefixes do not overlap, and which networks belong to them.",
    areas: [
      "addressSpaces",
      "spaceTags",
      "addressImports",
      "ips",
      "ranges",
      "vlanGroups",
      "vlans",
      "addressAnalysis",
      "discovered",
      "drift",
    ],
  },
  { name: "Accounts", about: "Cloud accounts and projects, and what they are for.", areas: ["accounts"] },
  {
    name: "Credentials",
    about: "Secrets, sealed; each access is recorded before the secret leaves.",
    areas: ["credentials"],
  },
  {
    name: "Access",
    about:
      "Logins, sessions, second factors; organizations, users, service accounts, groups and their tokens; roles and policies, and why something is allowed; collectors and their keys, and the record of who did what.",
    areas: [
      "auth",
      "oauth",
      "clientLogins",
      "sessions",
      "oidc",
      "factors",
      "identityProviders",
      "tokens",
      "trustRules",
      "users",
      "serviceAccounts",
      "groups",
      "organizations",
      "roleBindings",
      "policies",
      "access",
      "scimSources",
      "collectors",
      "audit",
      "forwarders",
    ],
  },
  { name: "Jobs", about: "What the service does by time and in the background.", areas: ["jobs"] },
  {
    name: "Collectors",
    about: "How collectors deliver what they see. Their requests are signed; `cadastre collect` makes them.",
    areas: ["discovery"],
  },
  {
    name: "Provisioning",
    about:
      "SCIM 2.0, by which an identity provider makes and changes users and groups, with the token of a SCIM source.",
    areas: ["scim"],
  },
  { name: "Service", about: "Health, this document, the pages.", areas: ["service"] },
] as const satisfies readonly { readonly name: string; readonly about: string; readonly areas: readonly string[] }[];

/** The task that an area serves. Throws for an area that has none. */
export function taskOf(area: string): string {
  const found = TASKS.find(({ areas }) => (areas as readonly string[]).includes(area));
  if (!found) throw new Error(`say in openapi-tasks.ts what the area ${area} is for`);
  return found.name;
}

/** What stands before everything else. */
export const GUIDE = `The land register of a cloud estate: every network, machine, address, endpoint, certificate and stored credential.
Type a word into the filter above the operations to see those about it: \`hold\`, \`GET\`, \`expires\`.

1. **Get a token.** \`npm start\` prints the first one; further ones come from \`POST /api/v1/tokens\`. Put it into the environment:
   \`export CADASTRE_API=http://127.0.0.1:8787 CADASTRE_TOKEN=cad_…\`, and below under *Authorize* to try operations here.
2. **Ask.** \`curl -sS -G "$CADASTRE_API/api/v1/search" -H "authorization: Bearer $CADASTRE_TOKEN" --data-urlencode 'q=10.140.64.16'\`
   Every operation below shows such a line.
3. **Read on.** Lists take \`limit\` (at most 200) and answer \`items\` and, when there is more, a \`cursor\` to be passed back as it is. A page may be short and
   still have one.
4. **Change.** What has a version is changed with \`If-Match\`, the \`ETag\` of its last answer, so that nobody overwrites what they have not
   seen; creations take an \`Idempotency-Key\`, so that a repeat creates nothing.
5. **Errors** are problem documents (RFC 9457) with a closed set of codes such as \`resource.not_found\`, the places that are wrong, and the \`requestId\` to find it by in the log.
   The schema \`ErrorCode\` lists them all.
6. **Cost.** \`Server-Timing\` says what a request took and read: \`app;dur=12, reads;desc="2.5", writes;desc="0"\`.`;
