import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deploymentSettings } from "@cadastre/infra/deployment";
import { checkDeployment, readDeployment, SettingsError } from "@cadastre/infra/read-deployment";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { blocksOf } from "../docs/blocks.ts";
import { CAPPED, EVERY_SETTING } from "./every-setting.ts";

type Path = readonly (string | number)[];
type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

function problemsOf(settings: unknown): string[] {
  try {
    checkDeployment(settings);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return (error as Error).message
      .split("\n")
      .slice(1)
      .map((line) => line.slice(2));
  }
}

/** The settings with another value in one place. */
function changed(from: unknown, path: Path, value: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  const copy = (Array.isArray(from) ? [...from] : { ...(from as object) }) as Record<string | number, unknown>;
  copy[first] = changed(copy[first], rest, value);
  return copy;
}

/** Every place of the settings, the inner ones too. */
function placesOf(value: unknown, path: Path = []): { path: Path; value: unknown }[] {
  const here = path.length === 0 ? [] : [{ path, value }];
  if (typeof value !== "object" || value === null) return here;
  return [
    ...here,
    ...Object.entries(value).flatMap(([name, inner]) =>
      placesOf(inner, [...path, Array.isArray(value) ? Number(name) : name]),
    ),
  ];
}

const toText = (path: Path) =>
  path.map((part, at) => (typeof part === "number" ? `[${part}]` : `${at === 0 ? "" : "."}${part}`)).join("");

const places = [
  ...placesOf(EVERY_SETTING).map((place) => ({ ...place, from: EVERY_SETTING as object })),
  ...placesOf(CAPPED).map((place) => ({ ...place, from: CAPPED as object })),
];

/** What no setting is. Texts come with all signs that end up in names, templates and shells. */
const NEVER: readonly Json[] = [
  null,
  false,
  -1,
  0.5000001,
  1e21,
  "",
  " ",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as CDK and CloudFormation write references.
  "${Token[AWS.Region.4]}",
  "a\nb",
  "'; rm -rf /",
  "x".repeat(5000),
  "\ud800",
  [],
  {},
  [[]],
  [null],
  { own: false },
];
/** Settings that may have one of these after all. */
const MAY: Readonly<Record<string, readonly Json[]>> = {
  "holdPolicy.share": [0.5000001],
  "tags.cost center": ["", " "],
  "tags.team": ["", " "],
  tags: [{}],
  reservedConcurrency: [{}],
};

describe("every setting", () => {
  test("has a place among those that are tried here", () => {
    const names = (schema: z.ZodType, path = ""): string[] => {
      const inner = "unwrap" in schema ? (schema as z.ZodOptional<z.ZodType>).unwrap() : schema;
      if (inner instanceof z.ZodArray) return names(inner.element as z.ZodType, `${path}[]`);
      if (!(inner instanceof z.ZodObject)) return [path];
      return Object.entries(inner.shape).flatMap(([name, one]) =>
        names(one as z.ZodType, path ? `${path}.${name}` : name),
      );
    };
    const tried = new Set(places.map(({ path }) => toText(path).replaceAll(/\[\d+\]/g, "[]")));
    const missing = names(deploymentSettings).filter(
      (name) => !tried.has(name) && !tried.has(name.replace(/\[\]$/, "")),
    );
    expect(names(deploymentSettings).length).toBeGreaterThan(40);
    expect(missing).toEqual([]);
  });

  test("that is right is taken", () => {
    expect(problemsOf(EVERY_SETTING)).toEqual([]);
    expect(problemsOf(CAPPED)).toEqual([]);
    expect(problemsOf({ name: "ab" })).toEqual([]);
  });

  test.each(places.map(({ path, from }) => [toText(path), path, from] as const))(
    "%s is refused with every wrong value, by its name and what is allowed",
    (name, path, from) => {
      for (const value of NEVER) {
        if (MAY[name]?.some((one) => JSON.stringify(one) === JSON.stringify(value))) continue;
        const problems = problemsOf(changed(from, path, value));
        const label = `${name} = ${JSON.stringify(value)?.slice(0, 60)}: ${problems.join(" | ").slice(0, 300)}`;
        expect(problems.length, label).toBeGreaterThan(0);
        const own = problems.find((problem) => problem.startsWith(name));
        expect(own, label).toBeDefined();
        // What is allowed, and not a validator's words for types.
        expect(own, label).not.toMatch(/Invalid input|expected|undefined|NaN/);
      }
    },
  );

  test("is taken or refused by name for any JSON in its place, and nothing else happens", () => {
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue(), ({ path, from }, value) => {
        for (const problem of problemsOf(changed(from, path, value))) expect(problem).toMatch(/^[\w[].*: .{4,}/s);
      }),
      { numRuns: 3000 },
    );
  });

  test("settings that are any JSON are taken or refused, and nothing else happens", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => void problemsOf(value)),
      { numRuns: 1000 },
    );
  });

  test("that is misspelt is refused with the one that was meant, in every object", () => {
    const objects = [{ path: [] as Path, value: EVERY_SETTING as unknown }, ...placesOf(EVERY_SETTING)].filter(
      ({ path, value }) =>
        typeof value === "object" && value !== null && !Array.isArray(value) && toText(path) !== "tags",
    );
    expect(objects.length).toBeGreaterThan(10);
    for (const { path, value } of objects) {
      for (const name of Object.keys(value as object)) {
        const typo = `${name.slice(0, 1)}${name.slice(2)}x`;
        if (name.length < 4) continue;
        const place = toText([...path, typo]);
        expect(problemsOf(changed(EVERY_SETTING, [...path, typo], 1)), place).toContainEqual(
          expect.stringMatching(new RegExp(`${typo}: is not known here; did you mean \\w+\\?$`)),
        );
      }
    }
  });
});

describe("settings that cannot be meant together", () => {
  const own = { own: true } as const;
  const collector = (name: string, accounts: object = own, more: object = {}) => ({
    name,
    everyMinutes: 5,
    accounts,
    ...more,
  });
  const role = (account: string, name: string) => `arn:aws:iam::${account}:role/${name}`;
  const organization = { roleName: "reader" };
  test.each<readonly [object, string]>([
    [{ aws: [collector("a.b"), collector("a-b")] }, 'aws[1].name: is too like "a.b"'],
    [
      {
        aws: [collector("x")],
        endpoints: { name: "x", everyMinutes: 5, account: "main", targets: ["a.example"] },
      },
      "endpoints.name: is too like",
    ],
    [{ aws: [collector("x".repeat(60))] }, "characters too long for a function's"],
    [{ aws: [collector("a", {})] }, "aws[0].accounts: exactly one of own, roles and organization; none is given"],
    [{ aws: [collector("a", { ...own, organization })] }, "own and organization is given"],
    [{ aws: [collector("a", { ...own, externalId: "agreed" })] }, "aws[0].accounts.externalId: is sent to roles"],
    [
      {
        aws: [collector("a", { organization: { ...organization, only: ["1".repeat(12)], except: ["2".repeat(12)] } })],
      },
      "only and except are given",
    ],
    [
      { aws: [collector("a", { roles: [role("111111111111", "a"), role("111111111111", "b")] })] },
      "aws[0].accounts.roles[1]: account 111111111111 has a role in roles[0] already",
    ],
    [{ aws: [collector("a", own, { regions: ["eu-west-1", "cn-north-1"] })] }, "are of different partitions"],
    [{ aws: [collector("a", own, { regions: ["eu-west-1", "eu-west-1"] })] }, '"eu-west-1" is there twice'],
    [
      { endpoints: { name: "e", everyMinutes: 5, account: "m", targets: ["a.example"], families: "4,6" } },
      "endpoints.families: a function outside a VPC reaches IPv4 alone",
    ],
    [{ tableName: "restored" }, "tableStreamArn: belongs to tableName"],
    [{ tableStreamArn: EVERY_SETTING.tableStreamArn }, "tableStreamArn: belongs to tableName"],
    [{ tableName: "other", tableStreamArn: EVERY_SETTING.tableStreamArn }, "is of the table restored"],
    [
      { ...EVERY_SETTING, name: undefined, mostWritesPerSecond: 1000 },
      "mostWritesPerSecond: is of the stack's own table",
    ],
    [{ tags: { "aws:team": "a" } }, "tags.aws:team: a tag's name has 1 to 128"],
    [{ tags: { Deployment: "a" } }, "tags.Deployment: is set by the deployment itself"],
    [{ tags: Object.fromEntries(Array.from({ length: 41 }, (_, n) => [`t${n}`, ""])) }, "tags: at most 40 tags"],
    [{ allowedAddresses: ["203.0.113.1/24"] }, "the prefix is 203.0.113.0/24"],
    [
      {
        aws: [
          collector("a", {
            roles: Array.from({ length: 70 }, (_, n) => role(String(10 ** 11 + n), "reader-of-networks")),
          }),
        ],
      },
      "aws[0].accounts: accounts, roles and regions have 3,500 characters together, and a function's environment takes 3,000 of them",
    ],
    [
      {
        aws: [
          collector("a", {
            organization: {
              roleName: `${"p".repeat(60)}/reader`,
              only: Array.from({ length: 100 }, (_, n) => String(10 ** 11 + n)),
            },
          }),
        ],
      },
      "and a role's policy takes 7,000 of them: make several collectors",
    ],
    [
      {
        endpoints: {
          name: "e",
          everyMinutes: 5,
          account: "m",
          targets: Array.from({ length: 9000 }, (_, n) => `${"long-name-of-a-host-".repeat(2)}${n}.example.org:443`),
        },
      },
      "endpoints.targets: have",
    ],
    [
      { allowedAddresses: Array.from({ length: 100 }, (_, n) => `2001:db8:${n + 1000}:1111:2222:3333:4444:5555/128`) },
      "allowedAddresses: have",
    ],
  ])("%j are refused", (settings, problem) => {
    const { name = "prod", ...rest } = settings as { name?: string };
    expect(problemsOf({ name, ...rest }).join("\n")).toContain(problem);
  });

  test.each(["aws-cadastre", "ssm", "default", "a", "Cadastre", "1a", "a-", "a".repeat(21)])(
    "a deployment cannot be called %s, which AWS would refuse",
    (name) => {
      expect(problemsOf({ name })).toHaveLength(1);
      expect(problemsOf({ name })[0]).toMatch(/^name: /);
    },
  );
});

describe("where settings come from", () => {
  const file = join(tmpdir(), `cadastre-settings-${process.pid}.json`);

  test("cdk.json has some that are right", () => {
    const { context } = JSON.parse(readFileSync(new URL("../../cdk.json", import.meta.url), "utf8"));
    expect(readDeployment(context.cadastre)).toMatchObject({ name: "cadastre", aws: [{ name: "aws" }] });
  });

  test("a name is a file's, which is read", () => {
    writeFileSync(file, JSON.stringify(EVERY_SETTING));
    expect(readDeployment(file)).toEqual(EVERY_SETTING);
    writeFileSync(file, '{"name": "prod", "tabelName": "x"}');
    expect(() => readDeployment(file)).toThrow(
      `${file} cannot be deployed:\n- tabelName: is not known here; did you mean tableName?`,
    );
    writeFileSync(file, "{");
    expect(() => readDeployment(file)).toThrow("it must be a file of JSON");
    rmSync(file);
    expect(() => readDeployment(file)).toThrow("no such file");
  });

  test("the documentation's examples are settings, once what is left to the reader is filled in", () => {
    const examples = ["deploying", "operations"].flatMap((page) =>
      blocksOf(readFileSync(new URL(`../../docs/${page}.md`, import.meta.url), "utf8")).filter(
        ({ language }) => language === "json",
      ),
    );
    expect(examples).toHaveLength(2);
    for (const { text } of examples) {
      expect(problemsOf(JSON.parse(text.replaceAll(/"…[^"]*…"/g, '"0123456789abcdef"')))).toEqual([]);
    }
    // What is left to the reader cannot be deployed by mistake.
    expect(problemsOf(JSON.parse(examples[0]?.text ?? "")).join()).toContain("externalId");
  });

  test("none at all are refused", () => {
    expect(() => readDeployment(undefined)).toThrow("context.cadastre is missing");
  });
});
