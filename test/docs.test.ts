import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ENTITIES } from "@cadastre/core/entities";
import { describe, expect, it } from "vitest";
import { accessPatterns, root } from "./support/access-patterns.ts";

const markdown = [
  join(root, "README.md"),
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(root, "docs", name)),
];

describe("the documentation", () => {
  it("of the access patterns is what the entities say (npm run docs)", () => {
    expect(readFileSync(join(root, "docs/access-patterns.md"), "utf8")).toBe(accessPatterns());
  });

  it("names every entity there is", () => {
    const defined = readdirSync(join(root, "packages/core/src"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
      .flatMap((name) =>
        [
          ...readFileSync(join(root, "packages/core/src", name), "utf8").matchAll(
            /defineEntity\(\{\s*type: "([^"]+)"/g,
          ),
        ].map((match) => String(match[1])),
      );
    expect(ENTITIES.map((entity) => entity.type).sort()).toEqual(defined.sort());
    expect(new Set(defined).size).toBe(defined.length);
  });

  it("links only to what is there", () => {
    const broken = markdown.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)]*)?\)/g)]
        .map((match) => match[1] as string)
        .filter((link) => !existsSync(join(dirname(file), link)))
        .map((link) => `${file}: ${link}`),
    );
    expect(broken).toEqual([]);
  });
});
