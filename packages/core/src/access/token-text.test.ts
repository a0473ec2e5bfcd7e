import { newId } from "@cadastre/contract/ids";
import { describe, expect, test } from "vitest";
import { hashTokenText, idOfTokenText, isTokenText, newTokenText } from "./token-text.ts";

const id = newId("token", new Date("2026-11-22T05:00:00Z"));

describe("a token's text", () => {
  test("has the form cad_<ulid>_<secret><checksum> and names its id", () => {
    const text = newTokenText(id);
    expect(text).toMatch(/^cad_[0-9A-Z]{26}_[\w-]{49}$/);
    expect(idOfTokenText(text)).toBe(id);
  });

  test("has 256 random bits that differ each time", () => {
    const secrets = new Set(Array.from({ length: 1000 }, () => newTokenText(id).slice(31, 74)));
    expect(secrets.size).toBe(1000);
    for (const secret of secrets) expect(Buffer.from(secret, "base64url").length).toBe(32);
  });

  test("is refused without a read when any one character is changed, lost or doubled", () => {
    const text = newTokenText(id);
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === "A" ? "B" : "A";
      expect(idOfTokenText(text.slice(0, at) + other + text.slice(at + 1))).toBeUndefined();
      expect(idOfTokenText(text.slice(0, at) + text.slice(at + 1))).toBeUndefined();
      expect(idOfTokenText(text.slice(0, at) + text[at] + text.slice(at))).toBeUndefined();
    }
  });

  test("is kept as a SHA-256 of the whole text, and only that text has it", () => {
    const text = newTokenText(id);
    const stored = hashTokenText(text);
    expect(stored).toMatch(/^[0-9a-f]{64}$/);
    expect(isTokenText(text, stored)).toBe(true);
    expect(isTokenText(newTokenText(id), stored)).toBe(false);
    expect(isTokenText("", stored)).toBe(false);
  });

  test("with a newline, a space or nothing is no token", () => {
    const text = newTokenText(id);
    for (const wrong of ["", `${text}\n`, ` ${text}`, "cad_", "x".repeat(100_000)]) {
      expect(idOfTokenText(wrong)).toBeUndefined();
    }
  });
});
