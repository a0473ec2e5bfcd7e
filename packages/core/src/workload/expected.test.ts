import { type Trust, trust } from "@cadastre/contract/trust-rule";
import { describe, expect, test } from "vitest";
import { expectedOf, unmetClaims, whyOpen } from "./expected.ts";
import { matches } from "./match.ts";

describe("a pattern", () => {
  test.each([
    ["repo:acme/infra:ref:refs/heads/main", "repo:acme/infra:ref:refs/heads/main"],
    ["repo:acme/*:ref:refs/heads/main", "repo:acme/infra:ref:refs/heads/main"],
    ["refs/heads/release/*", "refs/heads/release/1/2"],
    ["a*b*c", "aXbXbXc"],
    ["*", ""],
    ["a**b", "ab"],
  ])("%s is met by %s", (pattern, text) => expect(matches(pattern, text)).toBe(true));

  test.each([
    ["repo:acme/infra:ref:refs/heads/main", "repo:acme/infra:ref:refs/heads/main2"],
    ["repo:acme/infra:*", "repo:acme/infra-evil:ref"],
    ["repo:acme/infra:*", "repo:acme/infra:ref:refs/heads/main"],
    ["repo:acme/*:ref:refs/heads/main", "repo:acme/x:environment:y:ref:refs/heads/main"],
    ["repo:acme/*:ref:refs/heads/main", "repo:acme-evil/infra:ref:refs/heads/main"],
    ["refs/heads/main", "xrefs/heads/main"],
    ["acme/infra", "acme/infra\n"],
    ["a*bb", "ab"],
    ["ab*ba", "aba"],
    ["a.c", "abc"],
  ])("%s is not met by %s", (pattern, text) => expect(matches(pattern, text)).toBe(false));

  test("of many stars takes no time", () => {
    const started = performance.now();
    expect(matches(`${"*a".repeat(250)}b`, "a".repeat(16_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(200);
  });
});

const AUDIENCE = "https://cadastre.test";
const expected = (more: object) =>
  expectedOf(trust.parse({ audience: AUDIENCE, ...more }) as Exclude<Trust, { type: "aws" }>);
const unmet = (more: object, said: object) => unmetClaims(expected(more), said as Record<string, unknown>);

describe("what a platform's token must say", () => {
  test("of GitHub: the repository to the letter, and branch and environment where they are named", () => {
    const rule = {
      type: "github",
      repository: "acme/infra",
      ref: "refs/heads/main",
      environment: "prod",
      ownerId: "7",
    };
    const said = { repository: "acme/infra", ref: "refs/heads/main", environment: "prod", repository_owner_id: "7" };
    expect(unmet(rule, said)).toEqual([]);
    for (const [name, value] of [
      ["repository", "acme/infra-evil"],
      ["repository", "Acme/infra"],
      ["ref", "refs/heads/main2"],
      ["environment", undefined],
      ["repository_owner_id", 8],
    ] as const)
      expect(unmet(rule, { ...said, [name]: value })).toEqual([name]);
    expect(expected(rule).issuer).toBe("https://token.actions.githubusercontent.com");
  });

  test("of Kubernetes: namespace and service account", () => {
    const rule = { type: "kubernetes", issuer: "https://k8s.test", namespace: "ci", serviceAccount: "deploy" };
    expect(unmet(rule, { sub: "system:serviceaccount:ci:deploy" })).toEqual([]);
    for (const sub of [
      "system:serviceaccount:ci:deploy2",
      "system:serviceaccount:x:deploy",
      "system:node:ci",
      ["system:serviceaccount:ci:deploy"],
    ])
      expect(unmet(rule, { sub })).toEqual(["sub"]);
  });

  test("of Google: an address that it has verified, or a number", () => {
    const email = "ci@acme.iam.gserviceaccount.com";
    expect(unmet({ type: "gcp", email }, { email, email_verified: true })).toEqual([]);
    expect(unmet({ type: "gcp", email }, { email, email_verified: false })).toEqual(["email_verified"]);
    expect(unmet({ type: "gcp", email }, { email })).toEqual(["email_verified"]);
    expect(unmet({ type: "gcp", subject: "117" }, { sub: "1170" })).toEqual(["sub"]);
    expect(trust.safeParse({ type: "gcp", audience: AUDIENCE }).success).toBe(false);
  });

  test("is a single value of its own, never a list or what every object has", () => {
    const rule = { type: "oidc", issuer: "https://issuer.test", claims: { constructor: "*", groups: "admins" } };
    expect(unmet(rule, { groups: ["admins"] }).sort()).toEqual(["constructor", "groups"]);
  });
});

describe("a rule that anybody would meet", () => {
  const why = (claims: object, issuer = "https://token.actions.githubusercontent.com") =>
    whyOpen(trust.parse({ type: "oidc", issuer, audience: AUDIENCE, claims }));

  test("is one of GitHub that names no owner, and one that says only stars", () => {
    for (const claims of [
      { ref: "refs/heads/main" },
      { sub: "repo:*:ref:refs/heads/main" },
      { sub: "repo:*/*:ref:refs/heads/main" },
      { repository: "*/infra" },
      { repository: "*" },
      { repository_owner: "*", environment: "prod" },
    ])
      expect(why(claims)).toContain("repository");
    expect(why({ sub: "*" }, "https://other.test")).toContain("no claim");
    expect(why({ hd: "acme.test", email: "*@acme.test" }, "https://accounts.google.com")).toContain("Google");
    for (const repository of ["*/*", "*/infra", "acme", "acme/infra*", "/x"])
      expect(trust.safeParse({ type: "github", audience: AUDIENCE, repository }).success, repository).toBe(false);
  });

  test.each([
    ["https://gitlab.com", { ref: "main" }, { project_path: "*/infra" }, { namespace_path: "acme*" }],
    ["https://gitlab.com/", { sub: "project_path:*/infra:ref_type:branch:ref:main" }],
    [
      "https://app.terraform.io",
      { sub: "organization:*:project:p:workspace:w:run_phase:apply" },
      { terraform_organization_name: "*" },
    ],
    ["https://agent.buildkite.com", { pipeline_slug: "deploy" }, { organization_slug: "acme*" }],
    ["https://oidc.codefresh.io", { sub: "account:*:pipeline:x:y:z" }],
    ["https://oidc.vercel.com", { environment: "production" }, { owner: "*" }],
    ["https://api.pulumi.com/oidc", { sub: "pulumi:*:org:*:x" }],
    ["https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", { email: "a@acme.test" }],
    ["https://appleid.apple.com", { email: "a@acme.test" }],
  ])("is one of %s, which serves everybody, that names nobody", (issuer, ...all) => {
    for (const claims of all)
      expect(why(claims as object, issuer), JSON.stringify(claims)).toMatch(/^any .* would meet it/);
  });

  test.each([
    [
      "https://gitlab.com",
      { project_path: "acme/*" },
      { sub: "project_path:acme/*:ref_type:branch:ref:main" },
      { project_id: "7" },
    ],
    [
      "https://app.terraform.io",
      { sub: "organization:acme:project:*:workspace:*:run_phase:apply" },
      { terraform_workspace_id: "ws-7" },
    ],
    [
      "https://agent.buildkite.com",
      { organization_slug: "acme" },
      { sub: "organization:acme:pipeline:deploy:ref:*:commit:*:step:" },
    ],
    ["https://oidc.vercel.com/acme", { environment: "production" }],
    ["https://oidc.circleci.com/org/7", { "oidc.circleci.com/project-id": "9" }],
  ])("is none of %s that names whose it is, or whose issuer does", (issuer, ...all) => {
    for (const claims of all) expect(why(claims as object, issuer), JSON.stringify(claims)).toBeUndefined();
  });

  test("has no claim whose name would be left out without a word", () => {
    for (const claims of [
      '{"__proto__": "x"}',
      '{"__proto__": "x", "sub": "y"}',
      '{"": "x"}',
      '{"sub": ""}',
      '{"a b": "x"}',
      "{}",
    ]) {
      const rule = { type: "oidc", issuer: "https://other.test", audience: AUDIENCE, claims: JSON.parse(claims) };
      expect(trust.safeParse(rule).success, claims).toBe(false);
    }
  });

  test("is none that names one", () => {
    for (const claims of [
      { sub: "repo:acme/*:ref:refs/heads/main" },
      { repository: "acme/infra" },
      { repository_owner_id: "7" },
    ])
      expect(why(claims)).toBeUndefined();
    expect(why({ sub: "job-7" }, "https://other.test")).toBeUndefined();
  });
});
