/** Which claims say who it is, each with what a pattern must begin with to name somebody: stars may follow, where a part of it ends. */
type Naming = Readonly<Record<string, RegExp>>;

interface OpenIssuer {
  readonly is: (issuer: string) => boolean;
  /** Whoever would meet a rule that names nobody. */
  readonly anybody: string;
  readonly naming: Naming;
  /** The claims that are best named. */
  readonly say: string;
}

const one =
  (...issuers: readonly string[]) =>
  (issuer: string) =>
    issuers.some((known) => issuer === known || issuer === `${known}/`);

/** Whole, whatever it is. */
const WHOLE = /^[^*]+$/;
/** A path whose first part is named. */
const PATH = /^[\w.-]+(?:\/|$)/;
/** An owner or a repository of GitHub. */
const REPOSITORY = /^[\w-]+(?:\/|$)/;

/**
 * Issuers of which everybody can have a token, by what their documents say of claims. Issuers that are of one customer each (Bitbucket, CircleCI, Fly.io,
 * Spacelift, a cluster's own) name that one themselves.
 */
const OPEN_ISSUERS: readonly OpenIssuer[] = [
  {
    // Also of enterprises, whose issuers go on behind the host.
    is: (issuer) => /^https:\/\/[\w.-]*\bgithubusercontent\.com(?:\/|$)/.test(issuer),
    anybody: "any repository of GitHub",
    naming: {
      sub: /^repo:[\w-]+\//,
      repository: REPOSITORY,
      repository_id: REPOSITORY,
      repository_owner: REPOSITORY,
      repository_owner_id: REPOSITORY,
    },
    say: "`repository`, or by `sub`",
  },
  {
    is: one("https://accounts.google.com"),
    anybody: "any account of Google",
    naming: { sub: WHOLE, email: WHOLE },
    say: "`sub`, or by `email`",
  },
  {
    is: one("https://gitlab.com"),
    anybody: "any project of GitLab",
    naming: {
      sub: /^project_path:[\w.-]+\//,
      project_path: PATH,
      project_id: WHOLE,
      namespace_path: PATH,
      namespace_id: WHOLE,
    },
    say: "`project_id`, `namespace_id`, or by `sub`",
  },
  {
    is: one("https://app.terraform.io", "https://app.eu.terraform.io"),
    anybody: "any workspace of HCP Terraform",
    naming: {
      sub: /^organization:[\w-]+:/,
      terraform_organization_id: WHOLE,
      terraform_organization_name: WHOLE,
      terraform_project_id: WHOLE,
      terraform_workspace_id: WHOLE,
    },
    say: "`terraform_organization_id`, `terraform_workspace_id`, or by `sub`",
  },
  {
    is: one("https://agent.buildkite.com"),
    anybody: "any pipeline of Buildkite",
    naming: {
      sub: /^organization:[\w-]+:/,
      organization_id: WHOLE,
      organization_slug: WHOLE,
      pipeline_id: WHOLE,
    },
    say: "`organization_id`, `organization_slug`, or by `sub`",
  },
  {
    is: one("https://oidc.codefresh.io"),
    anybody: "any pipeline of Codefresh",
    naming: { sub: /^account:[\w-]+:/, account_id: WHOLE, pipeline_id: WHOLE },
    say: "`account_id`, or by `sub`",
  },
  {
    is: one("https://oidc.vercel.com"),
    anybody: "any project of Vercel",
    naming: { sub: /^owner:[\w-]+:/, owner: WHOLE, owner_id: WHOLE, project_id: WHOLE },
    say: "`owner_id`, `project_id`, or by `sub`",
  },
  {
    is: one("https://api.pulumi.com/oidc"),
    anybody: "any organization of Pulumi",
    naming: { sub: /^pulumi:[\w-]+:org:[\w-]+:/, organization: WHOLE },
    say: "`organization`, or by `sub`",
  },
  {
    // The tenant that all personal accounts are in.
    is: one("https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"),
    anybody: "any personal account of Microsoft",
    naming: { sub: WHOLE, oid: WHOLE },
    say: "`sub`, or by `oid`",
  },
  {
    is: one("https://appleid.apple.com"),
    anybody: "any account of Apple",
    naming: { sub: WHOLE },
    say: "`sub`",
  },
];

/** Why a rule about an issuer that serves everybody would be met by people whom nobody has chosen; undefined where a claim says who it is. */
export function whyUnnamed(issuer: string, claims: Readonly<Record<string, string>>): string | undefined {
  const open = OPEN_ISSUERS.find(({ is }) => is(issuer));
  if (open === undefined) return undefined;
  const { naming, anybody, say } = open;
  const isNamed = Object.entries(claims).some(
    ([name, pattern]) => Object.hasOwn(naming, name) && naming[name]?.test(pattern),
  );
  return isNamed ? undefined : `${anybody} would meet it: name one by ${say}`;
}
