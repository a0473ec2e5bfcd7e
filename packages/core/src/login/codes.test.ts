import { Secret, TOTP } from "otpauth";
import { describe, expect, it } from "vitest";
import { newRecoveryCodes, withoutCode } from "./recovery-codes.ts";
import { NO_STEP, newTotpSecret, showTotp, stepOfCode } from "./totp.ts";

const NOW = new Date("2026-11-22T05:00:10.000Z");
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);

describe("a code of an authenticator app", () => {
  const bytes = newTotpSecret();
  const { secret, uri } = showTotp(bytes, "anna");
  const codeAt = (time: Date) =>
    new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: time.getTime() });

  it("is that of RFC 6238", () => {
    const rfc = new TextEncoder().encode("12345678901234567890");
    // Its appendix B has eight digits; six are their end.
    expect(stepOfCode("287082", rfc, NO_STEP, new Date(59_000))).toBe(1);
    expect(stepOfCode("081804", rfc, NO_STEP, new Date(1_111_111_109_000))).toBe(37_037_036);
  });

  it("is taken of this step, and of one before and after it, and no further", () => {
    const taken = [-60, -30, 0, 30, 60].map((s) => stepOfCode(codeAt(later(s)), bytes, NO_STEP, NOW) !== undefined);
    expect(taken).toEqual([false, true, true, true, false]);
  });

  it("is taken once, and none of a step before it", () => {
    const step = stepOfCode(codeAt(NOW), bytes, NO_STEP, NOW) as number;
    expect(stepOfCode(codeAt(NOW), bytes, step, NOW)).toBeUndefined();
    expect(stepOfCode(codeAt(later(-30)), bytes, step, NOW)).toBeUndefined();
    expect(stepOfCode(codeAt(later(30)), bytes, step, NOW)).toBe(step + 1);
  });

  it.each(["", "12345", "1234567", "12345a", "１２３４５６", "0x1234", "-12345"])("is not %j", (text) => {
    expect(stepOfCode(text, bytes, NO_STEP, NOW)).toBeUndefined();
  });

  it("may have blanks, as apps show it", () => {
    const code = codeAt(NOW);
    expect(stepOfCode(`${code.slice(0, 3)} ${code.slice(3)}`, bytes, NO_STEP, NOW)).toBeDefined();
  });

  it("comes of a secret of 160 bits, which an app is told with issuer and name", () => {
    expect(bytes).toHaveLength(20);
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(uri).toContain("otpauth://totp/Cadastre:anna?issuer=Cadastre");
  });
});

describe("recovery codes", () => {
  it("are ten of 80 bits, each taken once, as people type them", () => {
    const { codes, hashes } = newRecoveryCodes("usr_1");
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    const [first = "", second = ""] = codes;
    const left = withoutCode("usr_1", hashes, first.toLowerCase().replaceAll("-", " ").replaceAll("0", "o"));
    expect(left).toHaveLength(9);
    expect(withoutCode("usr_1", left ?? [], first)).toBeUndefined();
    expect(withoutCode("usr_1", left ?? [], second)).toHaveLength(8);
  });

  it("are nobody else's, and their hashes are no codes", () => {
    const { codes, hashes } = newRecoveryCodes("usr_1");
    expect(withoutCode("usr_2", hashes, codes[0] ?? "")).toBeUndefined();
    expect(withoutCode("usr_1", hashes, hashes[0] ?? "")).toBeUndefined();
    expect(withoutCode("usr_1", hashes, "")).toBeUndefined();
  });
});
