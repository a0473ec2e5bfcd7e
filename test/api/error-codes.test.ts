import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import { errorsOf } from "@cadastre/contract/endpoints/errors-of";
import { ERRORS, type ErrorCode } from "@cadastre/contract/errors";
import { describe, expect, it } from "vitest";
import { filesOf, root } from "../support/imports.ts";

/** What runs in the API, and the server in front of it; what they throw is what a caller can be answered. */
const SOURCES = ["packages/contract/src", "packages/core/src", "packages/api/src", "functions/src/adapters"];
/** Where codes are defined, and where it is said which an endpoint has by its form: they throw none. */
const DECLARING = new Set(["packages/contract/src/errors.ts", "packages/contract/src/endpoints/errors-of.ts"]);

const isTest = (file: string) => /\.test\.ts$|\/testing\b/.test(file);

/** A source without what only declares codes: lists of an endpoint's errors, and types. */
function withoutDeclarations(text: string): string {
  return text.replaceAll(/\b(?:errors:|\w*Errors =)\s*\[[^\]{}]*\]|(?<!\|)\|\s*"[^"]*"/g, "");
}

/** Every code that stands in an expression of the source: given to an error, or in a table that errors are made from. */
function thrownCodes(): Map<ErrorCode, string[]> {
  const thrown = new Map<ErrorCode, string[]>();
  for (const file of SOURCES.flatMap((folder) => filesOf(join(root, folder)))) {
    if (isTest(file) || DECLARING.has(relative(root, file))) continue;
    for (const [, code] of withoutDeclarations(readFileSync(file, "utf8")).matchAll(/"([a-z_-]+\.[a-z_]+)"/g)) {
      if (!Object.hasOwn(ERRORS, code as string)) continue;
      const places = thrown.get(code as ErrorCode) ?? [];
      thrown.set(code as ErrorCode, [...places, relative(root, file)]);
    }
  }
  return thrown;
}

describe("the closed set of error codes", () => {
  const thrown = thrownCodes();
  const declared = new Set(ENDPOINTS.flatMap((endpoint) => errorsOf(endpoint)));

  it("has no code that nothing throws", () => {
    expect((Object.keys(ERRORS) as ErrorCode[]).filter((code) => !thrown.has(code))).toEqual([]);
  });

  it("is declared by endpoints whole: what can be thrown is in the document, and nothing else is", () => {
    expect([...declared].sort()).toEqual([...thrown.keys()].sort());
  });

  it.each(ENDPOINTS)("$name declares only codes that can be thrown", (endpoint) => {
    expect(errorsOf(endpoint).filter((code) => !thrown.has(code))).toEqual([]);
  });
});
