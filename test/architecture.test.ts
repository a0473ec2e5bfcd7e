import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { circlesOf } from "./support/circles.ts";
import { filesOf, type Import, importsOf, root, targetOf, WORKSPACES } from "./support/imports.ts";

/** What the code of each workspace may import beside itself and node's own modules; tests may import more. */
const ALLOWED: Record<string, readonly string[]> = {
  "packages/net": [],
  "packages/contract": ["@cadastre/net", "zod", "canonicalize", "http-message-sig", "ulid"],
  "packages/store": ["zod"],
  "packages/x509": [
    "@peculiar/asn1-rsa",
    "@peculiar/asn1-schema",
    "@peculiar/asn1-x509",
    "@peculiar/x509",
    "asn1js",
    "reflect-metadata",
  ],
  "packages/core": [
    "@cadastre/net",
    "@cadastre/contract",
    "@cadastre/store",
    "@cedar-policy/cedar-wasm",
    "@simplewebauthn/server",
    "@zxcvbn-ts/language-common",
    "croner",
    "csv-parse",
    "fflate",
    "jose",
    "openid-client",
    "otpauth",
    "saxen",
    "standardwebhooks",
    "yazl",
    "zod",
  ],
  "packages/api": ["@cadastre/contract", "@cadastre/core", "hono", "zod"],
  "packages/client": ["@cadastre/contract", "eventsource-parser", "zod"],
  "packages/cli": [
    "@cadastre/client",
    "@cadastre/collectors",
    "@cadastre/contract",
    "commander",
    "csv-stringify",
    "string-width",
    "wrap-ansi",
    "yaml",
    "zod",
  ],
  "packages/simulator": [
    "@cadastre/net",
    "@aws-sdk/client-ec2",
    "@noble/curves",
    "@peculiar/x509",
    "@smithy/core",
    "asn1js",
    "fast-xml-parser",
    "jose",
    "pkijs",
    "reflect-metadata",
  ],
  collectors: [
    "@cadastre/net",
    "@cadastre/x509",
    "@cadastre/contract",
    "@aws-sdk/",
    "@smithy/",
    "@google-cloud/compute",
    "google-auth-library",
    "google-gax",
    "@peculiar/asn1-ecc",
    "@peculiar/asn1-schema",
    "pkijs",
    "zod",
  ],
  functions: [
    "@cadastre/api",
    "@cadastre/core",
    "@cadastre/store",
    "@cadastre/contract",
    "@cadastre/collectors",
    "@cadastre/net",
    "@cadastre/simulator",
    "@aws-crypto/",
    "@aws-sdk/",
    "@hono/node-server",
    "croner",
    "hono",
    "zod",
  ],
  infra: ["@cadastre/contract", "@cadastre/net", "aws-cdk-lib", "cdk-nag", "constructs", "zod"],
};

/** Narrower than the workspace: only these files may import these. */
const ONLY_IN: readonly { readonly module: string; readonly within: string; readonly files: RegExp }[] = [
  { module: "@aws-sdk/", within: "packages/store", files: /\/dynamo[\w-]*\.ts$/ },
  { module: "@cadastre/simulator", within: "functions", files: /\/local\// },
  { module: "@cadastre/cli", within: "functions", files: /\/local\// },
  { module: "@cadastre/cli/bundle", within: "functions", files: /\/build\.ts$/ },
  { module: "@cedar-policy/cedar-wasm", within: "packages/core", files: /\/policies\// },
  { module: "openid-client", within: "packages/core", files: /\/(login\/oidc|workload)\// },
  { module: "esbuild", within: "packages/cli", files: /\/bundle\.ts$/ },
  { module: "openid-client", within: "packages/core", files: /\/login\/oidc\// },
  { module: "csv-stringify", within: "packages/cli", files: /\/output\/encode\.ts$/ },
  { module: "csv-stringify", within: "packages/core", files: /\/(audit|addresses\/transfer\/write)\/csv\.ts$/ },
  { module: "csv-parse", within: "packages/core", files: /\/addresses\/transfer\/read\/csv\.ts$/ },
  { module: "fflate", within: "packages/core", files: /\/addresses\/transfer\/read\/workbook\/archive\.ts$/ },
  { module: "saxen", within: "packages/core", files: /\/addresses\/transfer\/read\/workbook\/parse-xml\.ts$/ },
  { module: "yazl", within: "packages/core", files: /\/addresses\/transfer\/write\/zip\.ts$/ },
  { module: "yaml", within: "packages/cli", files: /\/output\/encode\.ts$/ },
];

/** Areas of core that all others stand on: each may be imported by any. */
const GROUND: readonly string[] = ["audit", "feed", "jobs", "said", "subjects"];

/** What each area of core may import beside the ground. */
const AREAS: Record<string, readonly string[]> = {
  audit: [],
  feed: [],
  said: [],
  jobs: [],
  ledger: [],
  seals: ["directory"],
  subjects: [],
  register: ["ledger"],
  discovery: ["register", "accounts", "ledger"],
  forwarding: ["directory", "seals"],
  forgetting: ["discovery", "ledger", "register"],
  limits: [],
  directory: ["limits"],
  access: ["accounts", "directory", "ledger", "limits", "policies", "sessions", "vault"],
  login: ["access", "directory", "limits", "policies", "sessions", "vault"],
  sessions: [],
  scim: ["access", "directory", "login"],
  accounts: [],
  vault: [],
  retention: ["access", "discovery", "register"],
  addresses: ["accounts", "directory", "ledger", "register"],
  policies: ["accounts", "addresses", "directory", "register", "vault"],
  places: ["access", "accounts", "ledger", "register"],
  whose: ["accounts", "addresses", "register"],
  workload: ["access", "directory", "limits"],
};

const isTest = (file: string) =>
  /\.test\.ts$|\/testing\b|\/testing-|\/test\//.test(file) || file.endsWith("test-clients.ts");
const matches = (module: string, allowed: string) =>
  module === allowed || module.startsWith(allowed.endsWith("/") ? allowed : `${allowed}/`);
const show = ({ file, module }: Import) => `${relative(root, file)} imports ${module}`;

describe.each(Object.keys(ALLOWED))("%s", (workspace) => {
  const manifest = JSON.parse(readFileSync(join(root, workspace, "package.json"), "utf8")) as Record<string, unknown>;
  const name = manifest.name as string;
  const imports = filesOf(join(root, workspace))
    .filter((file) => !isTest(file))
    .flatMap(importsOf);

  it("imports only what its place in the architecture allows", () => {
    const allowed = ALLOWED[workspace] ?? [];
    const wrong = imports.filter(({ file, module, typeOnly }) => {
      if (module.startsWith("node:") || matches(module, name)) return false;
      if (module.endsWith("/package.json")) return false;
      if (module.startsWith(".")) return relative(join(root, workspace), join(dirname(file), module)).startsWith("..");
      if (workspace === "infra" && typeOnly && matches(module, "@cadastre/functions/env")) return false;
      if (workspace === "functions" && typeOnly && module === "aws-lambda") return false;
      if (ONLY_IN.some((rule) => rule.within === workspace && matches(module, rule.module) && rule.files.test(file)))
        return false;
      return (
        !allowed.some((one) => matches(module, one)) ||
        ONLY_IN.some((rule) => rule.within === workspace && matches(module, rule.module))
      );
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it("has no version of its own, since the root's is the version of all", () => {
    expect(manifest.version).toBeUndefined();
  });

  it("has no barrel files and no drawers", () => {
    const files = filesOf(join(root, workspace, workspace === "infra" ? "" : "src"));
    expect(
      files
        .filter((file) => /\/(index|common|shared|utils?|helpers?|misc)\.ts$/.test(file))
        .map((file) => relative(root, file)),
    ).toEqual([]);
    expect(
      files.filter((file) => /\/(common|shared|utils?|helpers?|misc)\//.test(file)).map((file) => relative(root, file)),
    ).toEqual([]);
  });
});

describe("core", () => {
  const core = join(root, "packages/core/src");
  /** The list of all entities belongs to no area. */
  const imports = filesOf(core)
    .filter((file) => !isTest(file) && file !== join(core, "entities.ts"))
    .flatMap(importsOf);

  it("reads no environment and no clock of its own", () => {
    const wrong = filesOf(core)
      .filter((file) => !isTest(file))
      .filter((file) => /process\.env|Date\.now\(\)|new Date\(\)/.test(readFileSync(file, "utf8")));
    expect(wrong.map((file) => relative(root, file))).toEqual([]);
  });

  const areaOf = (path: string) => relative(core, path).split("/")[0] as string;
  const areas = readdirSync(core, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
  /** From which area to which: every import counts, also that of a type. */
  const crossings = imports.flatMap((one) => {
    const target = targetOf(one);
    if (!target?.startsWith(`${core}/`)) return [];
    const [from, to] = [areaOf(one.file), areaOf(target)];
    return from !== to && areas.includes(from) && areas.includes(to) ? [{ from, to, text: show(one) }] : [];
  });

  it("creates audit records, and never writes one again", () => {
    const texts = filesOf(core).map((file) => [relative(core, file), readFileSync(file, "utf8")] as const);
    const having = (pattern: RegExp) => texts.filter(([, text]) => pattern.test(text)).map(([file]) => file);
    expect(having(/\b(?:put|replace|increment)\(\s*AuditOpenItem\b/)).toEqual([]);
    expect(having(/\bcreate\(\s*AuditOpenItem\b/).filter((file) => !isTest(file))).toEqual([
      "audit/commit-recorded.ts",
    ]);
    expect(having(/\b(?:create|put|replace|increment)\(\s*AuditItem\b/).filter((file) => !isTest(file))).toEqual([]);
    // The sealer moves it to where it stays, the same as it was.
    expect(having(/\bmove\(\s*AuditOpenItem\b/)).toEqual(["seals/seal.ts"]);
  });

  it("has areas that depend on each other only as they may", () => {
    expect(areas.filter((area) => AREAS[area] === undefined)).toEqual([]);
    const wrong = crossings.filter(({ from, to }) => !GROUND.includes(to) && !AREAS[from]?.includes(to));
    expect(wrong.map(({ text }) => text)).toEqual([]);
  });

  it("has no circle of areas, neither of those that there are nor of those that the table would allow", () => {
    const there = new Map(areas.map((area) => [area, new Set<string>()]));
    for (const { from, to } of crossings) there.get(from)?.add(to);
    expect(circlesOf(there)).toEqual([]);
    expect(circlesOf(new Map(Object.entries(AREAS).map(([area, others]) => [area, new Set(others)])))).toEqual([]);
  });
});

describe("files", () => {
  it("make no circle of any length, through whatever workspaces it leads, and types count", () => {
    const graph = new Map<string, Set<string>>();
    for (const file of [...WORKSPACES, "test"].flatMap((folder) => filesOf(join(root, folder)))) {
      const targets = importsOf(file).map(targetOf);
      graph.set(
        relative(root, file),
        new Set(targets.filter((to) => to !== undefined).map((to) => relative(root, to))),
      );
    }
    expect(circlesOf(graph)).toEqual([]);
  });
});

describe("the API", () => {
  it("reads no environment", () => {
    const files = filesOf(join(root, "packages/api/src")).filter((file) => !isTest(file));
    expect(
      files.filter((file) => readFileSync(file, "utf8").includes("process.env")).map((file) => relative(root, file)),
    ).toEqual([]);
  });
});
