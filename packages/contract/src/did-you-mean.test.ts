import { describe, expect, it } from "vitest";
import { didYouMean } from "./did-you-mean.ts";

const KNOWN = ["account", "accounts", "notes", "owner", "expiresInSeconds", "aws"];

describe("a mistyped name", () => {
  it.each([
    ["acount", "account"],
    ["Account", "account"],
    ["acconts", "accounts"],
    ["expires_in_seconds", "expiresInSeconds"],
    ["note", "notes"],
    ["onwer", "owner"],
    ["asw", "aws"],
  ])("%s stands for %s", (name, meant) => expect(didYouMean(name, KNOWN)).toBe(meant));

  it.each(["zzz", "", "x", "a".repeat(100_000)])("%s stands for nothing that is known", (name) =>
    expect(didYouMean(name, KNOWN)).toBeUndefined(),
  );
});
