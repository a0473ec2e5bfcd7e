import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What the code of each workspace may import beside itself and node's own modules; tests may import more. */
const ALLOWED: Record<string, readonly string[]> = {
  "packages/net": [],
  "packages/contract": ["@cadastre/net", "zod", "canonicalize", "http-message-sig", "ulid"],
  "packages/store": ["zod"],
  "packages/core": ["@cadastre/net", "@cadastre/contract", "@cadastre/store", "croner", "zod"],
  "packages/api": ["@cadastre/contract", "@cadastre/core", "hono", "zod"],
  "packages/client": ["@cadastre/contract", "eventsource-parser", "zod"],
  "packages/cli": [
    "@cadastre/client",
    "@cadastre/contract",
    "@cadastre/collectors",
    "commander",
    "string-width",
    "wrap-ansi",
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
    "@cadastre/contract",
    "@aws-sdk/",
    "@smithy/",
    "@google-cloud/compute",
    "google-auth-library",
    "google-gax",
    "@peculiar/",
    "pkijs",
    "reflect-metadata",
    "zod",
  ],
  functions: [
    "@cadastre/api",
    "@cadastre/core",
    "@cadastre/store",
    "@cadastre/contract",
    "@cadastre/collectors",
    "@cadastre/simulator",
    "@aws-crypto/",
    "@aws-sdk/",
    "@hono/node-server",
    "croner",
    "esbuild",
    "hono",
    "zod",
  ],
  infra: ["@cadastre/contract", "aws-cdk-lib", "cdk-nag", "constructs", "esbuild", "yaml"],
};

/** Narrower than the workspace: only these files may import these. */
const ONLY_IN: readonly { readonly module: string; readonly within: string; readonly files: RegExp }[] = [
  { module: "@aws-sdk/", within: "packages/store", files: /\/dynamo[\w-]*\.ts$/ },
  { module: "@cadastre/simulator", within: "functions", files: /\/local\// },
  { module: "@cadastre/cli", within: "functions", files: /\/local\// },
  { module: "esbuild", within: "functions", files: /\/build\.ts$/ },
];

/** Which areas of core may import which: no area may come to depend, by any way round, on one that depends on it. */
const AREAS: Record<string, readonly string[]> = {
  audit: [],
  feed: ["audit"],
  said: ["audit", "feed"],
  jobs: ["audit"],
  scopes: [],
  subjects: [],
  register: ["audit", "feed", "said", "scopes", "subjects"],
  discovery: ["audit", "jobs", "register", "accounts", "scopes"],
  access: ["audit", "jobs", "vault"],
  retention: ["access", "discovery", "jobs"],
  accounts: ["audit", "subjects"],
  vault: ["audit"],
};

function filesOf(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory())
      return entry.name === "node_modules" || entry.name === "cdk.out" || entry.name === "dist" ? [] : filesOf(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

interface Import {
  readonly file: string;
  readonly module: string;
  readonly typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, "utf8");
  const found = text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"/gm);
  return [...found].map((match) => ({
    file,
    module: (match[2] ?? match[3]) as string,
    typeOnly: match[1] !== undefined,
  }));
}

const isTest = (file: string) =>
  /\.test\.ts$|\/testing\b|\/testing-|\/test\//.test(file) || file.endsWith("test-clients.ts");
const matches = (module: string, allowed: string) =>
  module === allowed || module.startsWith(allowed.endsWith("/") ? allowed : `${allowed}/`);
const show = ({ file, module }: Import) => `${relative(root, file)} imports ${module}`;

describe.each(Object.keys(ALLOWED))("%s", (workspace) => {
  const name = (JSON.parse(readFileSync(join(root, workspace, "package.json"), "utf8")) as { name: string }).name;
  const imports = filesOf(join(root, workspace))
    .filter((file) => !isTest(file))
    .flatMap(importsOf);

  it("imports only what its place in the architecture allows", () => {
    const allowed = ALLOWED[workspace] ?? [];
    const wrong = imports.filter(({ file, module, typeOnly }) => {
      if (module.startsWith("node:") || matches(module, name)) return false;
      if (module.endsWith("/package.json")) return false;
      if (module.startsWith(".")) return relative(join(root, workspace), join(dirname(file), module)).startsWith("..");
      if (workspace === "infra" && typeOnly && module === "@cadastre/functions/env") return false;
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

  it("has areas that depend on each other only as they may", () => {
    const area = (path: string) => relative(core, path).split("/")[0] as string;
    const wrong = imports.filter(({ file, module }) => {
      if (!module.startsWith(".")) return false;
      const [from, to] = [area(file), area(join(dirname(file), module))];
      return to !== from && !to.endsWith(".ts") && !from.endsWith(".ts") && !(AREAS[from] ?? []).includes(to);
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it("has no circle between areas, whatever the table says", () => {
    const circles = Object.entries(AREAS).filter(([from, to]) => to.some((other) => AREAS[other]?.includes(from)));
    expect(circles.map(([area]) => area)).toEqual([]);
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
