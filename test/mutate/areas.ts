export interface Area {
  /** Sources whose mutants are tried; tests among them are left out. */
  readonly sources: readonly string[];
  /** The tests that have to kill them. */
  readonly tests: readonly string[];
}

/** `from` is the folder of tests that come to the area from outside. */
const core = (area: string, from: "api" | "flows"): Area => ({
  sources: [`packages/core/src/${area}/**/*.ts`],
  tests: [`packages/core/src/${area}/**/*.test.ts`, `test/${from}/**/*.test.ts`],
});

const contract = (name: string): Area => ({
  sources: [`packages/contract/src/${name}.ts`],
  tests: [`packages/contract/src/${name}.test.ts`],
});

/** What carries the guarantees: addresses, bytes that both sides compare, the table, and the use cases that may lose something. */
export const AREAS: Readonly<Record<string, Area>> = {
  net: { sources: ["packages/net/src/**/*.ts"], tests: ["packages/net/src/**/*.test.ts"] },
  digest: contract("digest"),
  signature: contract("{signature,keys}"),
  store: {
    sources: ["packages/store/src/**/*.ts"],
    tests: ["packages/store/src/**/*.test.ts", "test/store/**/*.test.ts"],
  },
  discovery: core("discovery", "flows"),
  register: core("register", "flows"),
  access: core("access", "api"),
  vault: core("vault", "api"),
};
