import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEntries, partitions } from "./keys.ts";
import {
  beginsInside,
  fold,
  isIdBeginning,
  isInner,
  partsOf,
  searchedTexts,
  searchedWords,
  spelledAddress,
  spelledPrefix,
  wholeWord,
} from "./words.ts";

const SUBJECT = { type: "resource", hint: "network", key: "0123456789abcdef0123456789abcdef" };
const BEGIN = partitions.word("active", "");

function wordEntries(name: string, tags: Record<string, string>, prefixes: readonly string[] = []) {
  const entries = createEntries("active", SUBJECT);
  entries.named({ words: searchedWords(name, Object.values(tags)), tags, prefixes });
  return entries.all().filter((entry) => entry.p.startsWith(BEGIN));
}

/** What stands before the subject in the sort keys. */
const texts = (...of: Parameters<typeof wordEntries>) =>
  wordEntries(...of).map(({ s }) => s.slice(0, s.lastIndexOf("#")));

const name = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc
    .array(fc.constantFrom("web", "we", "a", "12", "-", ".", "ÄÖ", "𝒳𝒴"), { maxLength: 8 })
    .map((parts) => parts.join("")),
);

describe("the words of a subject", () => {
  it("are all found by any beginning of two characters or more", () => {
    fc.assert(
      fc.property(name, fc.dictionary(fc.constantFrom("env", "team"), name), (text, tags) => {
        const entries = wordEntries(text, tags);
        for (const word of [...partsOf(text).flatMap(wholeWord), ...Object.values(tags).flatMap(wholeWord)]) {
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

  it("are a name and what goes on from each of its parts that begins with a letter", () => {
    expect(partsOf("EU-web-prod-0016")).toEqual(["EU-web-prod-0016", "EU-web-prod-0016", "web-prod-0016", "prod-0016"]);
    expect(partsOf("0016.x.db2")).toEqual(["0016.x.db2", "db2"]);
    expect(partsOf("1a-b2c")).toEqual(["1a-b2c", "b2c"]);
    expect(partsOf(" ")).toEqual([]);
  });

  it("take one entry where a longer word, a tag or an address has the same beginning", () => {
    expect(texts("web-12", { Name: "web-12", role: "web", env: "prod" }).sort()).toEqual([
      "prod\u0001env",
      "web\u0001role",
      "web-12\u0001name",
    ]);
    expect(texts("ip-10-1-2-5.ec2.internal", {}, ["10.1.2.5/32"])).toEqual(["ec2.internal", "internal"]);
    expect(texts("ip-10-1-2-5.ec2.internal", {}, ["10.1.2.6/32"])).toContain("ip-10-1-2-5.ec2.internal");
  });

  it("of any length fit in a key with the subject", () => {
    for (const { p, s } of wordEntries("😀".repeat(1000), { ["🙈".repeat(256)]: "😀".repeat(1000) })) {
      expect(Buffer.byteLength(s)).toBeLessThanOrEqual(1024);
      expect(Buffer.byteLength(p)).toBeLessThanOrEqual(2048);
    }
  });
});

describe("what free text finds a subject by", () => {
  it("is each of its words once, 400 of them at most, each of 128 characters at most", () => {
    const many = Array.from({ length: 500 }, (_, n) => `word ${n}`);
    expect(searchedTexts("web", ["WEB", ...many])).toHaveLength(400);
    expect(searchedWords("web", ["WEB", ...many])).toHaveLength(399);
    expect(searchedWords("web", ["WEB", " ", "x"])).toEqual(["web", "x"]);
    expect(wholeWord("x".repeat(128))).toEqual(["x".repeat(128)]);
    expect(wholeWord("😀".repeat(200))).toEqual(["😀".repeat(128)]);
  });

  it.each([
    ["arn:aws", true],
    ["//compute", true],
    ["TLS://host", true],
    ["sha256:ab", true],
    ["xarn:aws", false],
    ["http://a", false],
    ["arn", false],
  ])("is no natural id, which %s begins: %s", (word, expected) => {
    expect(isIdBeginning(word)).toBe(expected);
  });
});

describe("a host name that spells an address", () => {
  it.each([
    ["ip", "0.0.0.0/0"],
    ["ec", "0.0.0.0/0"],
    ["ip-10", "0.0.0.0/0"],
    ["ip-10-", "10.0.0.0/8"],
    ["ec2-10-1-25", "10.1.0.0/16"],
    ["ip-10-1-2-5", "10.1.2.0/24"],
    ["ip-10-1-2-5.", "10.1.2.5/32"],
    ["ip-300-", undefined],
    ["ip-01-", undefined],
    ["xec", undefined],
  ])("is searched for by %s in %s", (word, prefix) => {
    expect(spelledPrefix(word)).toBe(prefix);
  });

  it.each([
    ["ip-10-1-2-5.ec2.internal", "10.1.2.5"],
    ["ec2-52-0-0-1.compute-1.amazonaws.com", "52.0.0.1"],
    ["ip-10-1-2-5", "10.1.2.5"],
    ["ip-10-1-2-256", undefined],
    ["ip-10-1-2-05", undefined],
    ["ip-10-1-2-5-6", undefined],
    ["xip-10-1-2-5", undefined],
  ])("%s: %s", (word, address) => {
    expect(spelledAddress(word)).toBe(address);
  });

  it("is inside the prefix of each of its beginnings", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.constantFrom("ip", "ec2"), (address, first) => {
        const host = `${first}-${address.replaceAll(".", "-")}.ec2.internal`;
        for (let length = 2; length <= host.length; length++) {
          const [network = "", bits = ""] = spelledPrefix(host.slice(0, length))?.split("/") ?? [];
          const octets = Number(bits) / 8;
          expect(address.split(".").slice(0, octets)).toEqual(network.split(".").slice(0, octets));
          expect(bits, host.slice(0, length)).not.toBe("");
        }
      }),
    );
  });

  it.each(["web", "ip-foo", "ip-10-x", "ip-1000", "ip-10-1-2-5x", "ec3", "ipx"])("is not begun by %s", (word) => {
    expect(spelledPrefix(word)).toBeUndefined();
  });
});

describe("a folded text", () => {
  it("has no accents and no capitals, and letters as they are typed", () => {
    expect(fold("Café")).toBe("cafe");
    expect(fold("cafe\u0301")).toBe("cafe");
    expect(fold("Straße ØRE Łódź İzmir ΟΔΟΣ")).toBe("strasse ore lodz izmir οδοσ");
    expect(fold("東京 🖨️")).toBe("東京 🖨️");
  });

  it("begins as the folded beginning of the text does", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 12 }), fc.nat(12), (text, length) => {
        const graphemes = [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
        expect(fold(text).startsWith(fold(graphemes.slice(0, length).join("")))).toBe(true);
      }),
    );
  });
});

describe("a number inside a name", () => {
  it.each([
    ["eu-web-0016", "0016", true],
    ["web0016", "0016", true],
    ["eu-web-0016", "16", false],
    ["a-1-b", "1-b", true],
    ["xa-1", "a-1", false],
    ["x-a-1", "a-1", true],
  ])("of %s is found by %s: %s", (name, word, expected) => {
    expect(isInner(word)).toBe(true);
    expect(beginsInside(name, word)).toBe(expected);
  });

  it("is none that an account has, nor a word", () => {
    expect(["440067340000", "web-1", "web", "0a1b"].filter(isInner)).toEqual([]);
  });
});
