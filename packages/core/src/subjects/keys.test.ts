import { prefixKey } from "@cadastre/net/key";
import { parsePrefix } from "@cadastre/net/prefix";
import { describe, expect, it } from "vitest";
import { createEntries, ownerEntries, partitions, subjectOf } from "./keys.ts";

const SUBJECT = { type: "resource", hint: "network", key: "0123" };
const END = "#resource/network/0123";

/** The words that have an entry, of a name's words and of tags. */
function wordsIn(words: readonly string[], tags: Record<string, string> = {}, prefixes: readonly string[] = []) {
  const entries = createEntries("active", SUBJECT);
  entries.named({ words, tags, prefixes });
  return entries.all().map(({ s }) => s.slice(0, -END.length));
}

describe("the entries of a subject", () => {
  it("are one for each thing that it is found by, each with the subject at its end", () => {
    const entries = createEntries("active", SUBJECT);
    entries.listed("network", "aws/1/us-east-1");
    entries.related("vpc-1", "attached");
    entries.within(["10.0.0.0/8", "2001:db8::/32"]);
    entries.ends("2026-01-01T00:00:00Z");
    entries.named({ words: ["web"], tags: { Env: "Prod", empty: "" }, prefixes: [] });
    expect(entries.all()).toEqual([
      { p: partitions.list("active", "network"), s: `aws/1/us-east-1${END}` },
      { p: partitions.relation("active", "vpc-1"), s: `attached${END}` },
      { p: partitions.prefix("active", 4), s: `${prefixKey(parsePrefix("10.0.0.0/8"))}${END}` },
      { p: partitions.prefix("active", 6), s: `${prefixKey(parsePrefix("2001:db8::/32"))}${END}` },
      { p: partitions.end("active"), s: `2026-01-01T00:00:00.000Z${END}` },
      { p: partitions.word("active", "prod"), s: `prod\u0001env${END}` },
      { p: partitions.word("active", "web"), s: `web${END}` },
    ]);
    for (const entry of entries.all()) expect(subjectOf(entry)).toEqual(SUBJECT);
  });

  it("are in partitions of their own for each kind of thing, apart for what is and what was, and by two characters", () => {
    const all = (["active", "retired"] as const).flatMap((standing) => [
      partitions.list(standing, "x"),
      partitions.list(standing, "y"),
      partitions.relation(standing, "x"),
      partitions.relation(standing, "y"),
      partitions.word(standing, "web"),
      partitions.word(standing, "prod"),
      partitions.prefix(standing, 4),
      partitions.prefix(standing, 6),
      partitions.end(standing),
    ]);
    expect(new Set([...all, partitions.owner("web"), partitions.owner("team")]).size).toBe(all.length + 2);
    expect(partitions.word("active", "web")).toBe(partitions.word("active", "weather"));
    expect(partitions.word("active", "😀😀😀")).toBe(partitions.word("active", "😀😀"));
    expect(partitions.word("active", "😀😀")).not.toBe(partitions.word("active", "😀"));
  });

  it("by its owner stand apart, and are none of nobody", () => {
    expect(ownerEntries(SUBJECT, " Team A ")).toEqual([{ p: partitions.owner("team a"), s: `team a${END}` }]);
    expect(ownerEntries(SUBJECT, " ")).toEqual([]);
  });

  it("name a subject whose key has the characters that part them", () => {
    expect(subjectOf({ p: "", s: "a#b#account//aws/1" })).toEqual({ type: "account", hint: "", key: "aws/1" });
  });
});

describe("a word that begins another", () => {
  it("needs no entry of its own, unless it has one character, which finds whole words only", () => {
    expect(wordsIn(["ab", "abc"])).toEqual(["abc"]);
    expect(wordsIn(["a", "abc"]).sort()).toEqual(["a", "abc"]);
    expect(wordsIn(["😀", "😀b"]).sort()).toEqual(["😀", "😀b"]);
    expect(wordsIn(["😀b", "😀bc"])).toEqual(["😀bc"]);
    expect(wordsIn(["ab", "b"]).sort()).toEqual(["ab", "b"]);
  });

  it("that is a tag's value has one for each of its keys, and none beside them", () => {
    expect(wordsIn(["prod"], { env: "prod", stage: "prod", of: "production" }).sort()).toEqual([
      "prod\u0001env",
      "prod\u0001stage",
      "production\u0001of",
    ]);
  });

  it("that spells an address of the subject needs none, of another one does", () => {
    expect(wordsIn(["ip-10-1-2-5"], {}, ["10.1.2.5/32"])).toEqual([]);
    expect(wordsIn(["ip-10-1-2-5"], {}, ["10.1.2.0/24"])).toEqual(["ip-10-1-2-5"]);
    expect(wordsIn(["web"], {}, ["undefined/32"])).toEqual(["web"]);
  });
});
