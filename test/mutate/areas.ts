export interface Area {
  /** Sources whose mutants are tried; tests among them are left out. */
  readonly sources: readonly string[];
  /** The tests that have to kill them. */
  readonly tests: readonly string[];
}

/** Of the tests that come from outside only small ones that tell the area's guarantees: each mutant runs those that reach it. */
const core = (area: string, ...from: readonly string[]): Area => ({
  sources: [`packages/core/src/${area}/**/*.ts`],
  tests: [`packages/core/src/${area}/**/*.test.ts`, ...from.map((name) => `${name}.test.ts`)],
});

const contract = (name: string): Area => ({
  sources: [`packages/contract/src/${name}.ts`],
  tests: [`packages/contract/src/${name}.test.ts`],
});

/** What carries the guarantees: addresses, bytes that both sides compare, the table, and the use cases that may lose something. */
export const AREAS: Readonly<Record<string, Area>> = {
  net: { sources: ["packages/net/src/**/*.ts"], tests: ["packages/net/src/**/*.test.ts"] },
  x509: { sources: ["packages/x509/src/**/*.ts"], tests: ["packages/x509/src/**/*.test.ts"] },
  digest: contract("digest"),
  signature: contract("{signature,keys}"),
  store: {
    sources: ["packages/store/src/**/*.ts"],
    tests: ["packages/store/src/**/*.test.ts", "test/store/sqlite.test.ts", "test/store/sqlite-file.test.ts"],
  },
  discovery: core(
    "discovery",
    ...["shards", "runs", "approval-steps", "guards", "limits", "overtaken"].map((name) => `test/flows/${name}`),
  ),
  register: core("register", "test/flows/search", "test/flows/related"),
  access: core("access", "packages/core/src/retention/retention"),
  limits: core("limits"),
  policies: core("policies"),
  vault: core("vault"),
  ledger: core("ledger"),
  feed: core("feed", "test/flows/feed"),
  said: core("said"),
  subjects: core("subjects", "test/flows/search"),
  jobs: core("jobs", "test/flows/jobs"),
};
