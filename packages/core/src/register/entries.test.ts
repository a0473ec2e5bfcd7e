import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { indexEntries, partitions, wholeWord, wordsOf } from "./entries.ts";

const HASH = "0123456789abcdef0123456789abcdef";

function wordEntries(name: string, tags: Record<string, string>) {
  const id = "arn:aws:ec2:us-east-1:111122223333:vpc/vpc-0a1b2c3d";
  return indexEntries({
    idHash: HASH,
    id,
    kind: "network",
    provider: "aws",
    account: "111122223333",
    region: "us-east-1",
    name,
    tags,
    attributes: { networkId: "vpc-0a1b2c3d", blocks: [] },
    claims: [],
    status: "active",
  }).filter((entry) => entry.p.startsWith("ix#active#word#"));
}

const name = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc
    .array(fc.constantFrom("web", "we", "a", "12", "-", ".", "ÄÖ", "𝒳𝒴"), { maxLength: 8 })
    .map((parts) => parts.join("")),
);

describe("the words of a resource", () => {
  it("are all found by any beginning of two characters or more", () => {
    fc.assert(
      fc.property(name, fc.dictionary(fc.constantFrom("env", "team"), name), (text, tags) => {
        const entries = wordEntries(text, tags);
        for (const word of [...wordsOf(text), ...Object.values(tags).flatMap(wholeWord)]) {
          const characters = [...word];
          for (let length = 2; length <= characters.length; length++) {
            const beginning = characters.slice(0, length).join("");
            const partition = partitions.word("active", beginning);
            expect(entries.some((entry) => entry.p === partition && entry.s.startsWith(beginning))).toBe(true);
          }
        }
      }),
    );
  });

  it("take one entry where a longer word has the same beginning", () => {
    const words = wordEntries("web-12", { Name: "web-12", role: "web" }).map((entry) => entry.s.split("#")[0]);
    expect(new Set(words)).toEqual(new Set(["12", "vpc-0a1b2c3d", "web-12"]));
    expect(words).toHaveLength(3);
  });
});
