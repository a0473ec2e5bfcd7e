import { describe, expect, test } from "vitest";
import { hashUserCode, newUserCode } from "./user-code.ts";

describe("a person's code", () => {
  test("is of eight consonants, each another one, and found however it is typed", () => {
    const codes = Array.from({ length: 100 }, newUserCode);
    expect(new Set(codes).size).toBe(100);
    for (const code of codes) {
      expect(code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
      const hashed = hashUserCode(code);
      expect(hashed).toMatch(/^[0-9a-f]{64}$/);
      expect(hashUserCode(` ${code.toLowerCase().replace("-", " ")}\n`)).toBe(hashed);
    }
  });

  test.each(["", "BCDF", "BCDF-GHJ", "BCDF-GHJKL", "ACDF-GHJK", "BCDF-GHJ0", "BCDF_GHJK", "ВCDF-GHJK"])(
    "is not %j",
    (typed) => {
      expect(hashUserCode(typed)).toBeUndefined();
    },
  );
});
