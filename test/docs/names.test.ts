import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { EXIT } from "@cadastre/cli/exit-codes";
import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import { ERRORS } from "@cadastre/contract/errors";
import { FINDINGS } from "@cadastre/contract/kinds/findings";
import { KIND_NAMES } from "@cadastre/contract/kinds/names";
import { ROLES } from "@cadastre/contract/principal";
import { ROLE_ACTIONS, ROLE_PLACES } from "@cadastre/contract/role";
import { TOKEN_SCOPES } from "@cadastre/contract/token";
import { adminTokenVariables, jobsVariables } from "@cadastre/functions/env/background";
import { collectAwsVariables } from "@cadastre/functions/env/collect-aws";
import { collectEndpointsVariables } from "@cadastre/functions/env/collect-endpoints";
import { collectGcpVariables } from "@cadastre/functions/env/collect-gcp";
import { apiVariables, vaultVariables } from "@cadastre/functions/env/service";
import { describe, expect, it } from "vitest";
import { root } from "../support/access-patterns.ts";

const read = (path: string) => readFileSync(join(root, path), "utf8");
const unique = (names: Iterable<string>) => [...new Set(names)].sort();
const found = (text: string, pattern: RegExp) => unique([...text.matchAll(pattern)].map((match) => match[1] as string));

const pages = [
  "README.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

describe("the documentation names", () => {
  it("every variable of the local run, and no other", () => {
    const known = found(read("functions/src/local/config.ts"), /^ {2}([A-Z][A-Z_]+): /gm);
    expect(known).toContain("CADASTRE_DATA");
    const rows = found(read("README.md"), /^\| `([A-Z][A-Z_]+)` \|/gm);
    expect(rows).toEqual(known);
    const mentioned = found(read("README.md"), /\b(CADASTRE_[A-Z_]*[A-Z])\b/g);
    // The CLI's own, beside those that both read.
    expect(mentioned.filter((name) => !known.includes(name))).toEqual(["CADASTRE_API", "CADASTRE_PROFILE"]);
  });

  it("every variable of the functions, and no other", () => {
    const schemas = [
      adminTokenVariables,
      apiVariables,
      vaultVariables,
      jobsVariables,
      collectAwsVariables,
      collectEndpointsVariables,
      collectGcpVariables,
    ];
    const known = unique(schemas.flatMap((schema) => Object.keys(schema.shape)));
    const section = read("docs/deploying.md").split("## Configuration of the functions")[1] ?? "";
    expect(found(section, /`([A-Z][A-Z_]*_[A-Z_]+)`/g)).toEqual(known);
  });

  it("every error code with its status and title, and no other", () => {
    const section = read("docs/api.md").split("## All codes")[1] ?? "";
    const listed = [...section.matchAll(/^- `([^`]+)` (\d+): (.+)$/gm)].map(([, code, status, title]) => ({
      code,
      status: Number(status),
      title,
    }));
    expect(listed).toEqual(Object.entries(ERRORS).map(([code, { status, title }]) => ({ code, status, title })));
  });

  it("every role, where it can be bound, and what it may do there", () => {
    const rows = [...read("docs/permissions/policies.md").matchAll(/^\| `([\w-]+)` \| ([^|]+) \| ([^|]+) \|$/gm)];
    const listed = rows.map(([, name, places = "", may = ""]) => [name, places.split(", "), found(may, /`([^`]+)`/g)]);
    expect(listed).toEqual(ROLES.map((role) => [role, ROLE_PLACES[role], unique(ROLE_ACTIONS[role])]));
  });

  it("every finding, in the order of the code, and no other", () => {
    const [, section = ""] = read("docs/operations.md").split("| finding | what it means | what to do |");
    const [table = ""] = section.split("\n\n");
    const rows = [...table.matchAll(/^\| `([a-z_]+)` \| [^|]+ \| [^|]+ \|$/gm)].map((match) => match[1]);
    expect(rows).toEqual(Object.keys(FINDINGS));
  });

  it("every route", () => {
    const guide = read("docs/api.md");
    // `/x/{id}/approve`, `/reject` and `/revoke` name three, and shell examples have their variables for parameters.
    const text = guide
      .replaceAll(/\$\w+|\$\([^)]*\)/g, "{}")
      .replaceAll(/\{[^}]*\}/g, "{}")
      .replaceAll("{}/api", "/api");
    const missing = ENDPOINTS.map(({ path }) => path.replaceAll(/\{[^}]*\}/g, "{}")).filter((path) => {
      const last = path.slice(path.lastIndexOf("/"));
      return !text.includes(path) && !(text.includes(path.slice(0, -last.length)) && text.includes(`\`${last}\``));
    });
    expect(missing).toEqual([]);
  });

  it("every scope of tokens and every kind", () => {
    const guide = read("docs/api.md");
    expect([...TOKEN_SCOPES, ...KIND_NAMES].filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
  });

  it("every code that a collector gives a scope", () => {
    const sources = globSync("collectors/src/**/*.ts", { cwd: root }).filter((path) => !/test|testing/.test(path));
    const unions = sources
      .filter((path) => path.endsWith("/errors.ts"))
      .flatMap((path) => found(read(path), /^ {2}\| "([a-z_]+)"/gm));
    const literals = sources
      .filter((path) => !path.startsWith("collectors/src/endpoints/examine"))
      .flatMap((path) => [
        ...found(read(path), /\bcode: "([a-z_]+)"/g),
        ...found(read(path), /\bfileError\("([a-z_]+)"/g),
      ]);
    const section = read("docs/operations.md");
    expect(unions.length).toBeGreaterThan(20);
    expect(unique([...unions, ...literals]).filter((code) => !section.includes(`\`${code}\``))).toEqual([]);
  });

  it("every alarm", () => {
    const sources = globSync("infra/src/constructs/*.ts", { cwd: root }).map(read).join("\n");
    const alarms = found(sources, /\balarm\(this, "(\w+)"/g);
    expect(alarms.length).toBeGreaterThan(3);
    expect(
      found(read("docs/operations.md"), /^\| (\w+)(?: \(each \w+\))? \|/gm).filter((name) => /^[A-Z]/.test(name)),
    ).toEqual(alarms);
  });

  it("every exit code of the command, and no other", () => {
    const { interrupted: _, ...codes } = EXIT;
    expect(found(read("README.md"), /^\| (\d) \|/gm)).toEqual(Object.values(codes).map(String));
  });

  it("only files that are there, and tests by what they say", () => {
    const wrong = pages.flatMap((page) =>
      [
        ...read(page).matchAll(/`((?:test|packages|collectors|functions|infra|docs)\/[^`\s]*)`(?:: "([^"]+)")?/g),
      ].flatMap(([, path = "", says]) => {
        if (path.includes("<")) return existsSync(join(root, dirname(path))) ? [] : [`${page}: ${path}`];
        const files = globSync(path.replace(/\/$/, ""), { cwd: root });
        // Made by the reader.
        if (files.length === 0 && !path.endsWith(".tfvars")) return [`${page}: ${path}`];
        return says !== undefined && !files.some((file) => read(file).includes(says))
          ? [`${page}: ${path}: ${says}`]
          : [];
      }),
    );
    expect(wrong).toEqual([]);
  });
});
