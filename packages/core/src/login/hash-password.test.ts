import { describe, expect, it } from "vitest";
import { hashPassword, isOutdated, isPassword, noPassword, SCRYPT_COST } from "./hash-password.ts";

const CHEAP = { n: 2 ** 10, r: 8, p: 1 };
const PASSWORD = "correct horse battery staple";

describe("a hashed password", () => {
  it("is known again, and no other text is", async () => {
    const stored = await hashPassword(PASSWORD, CHEAP);
    expect(await isPassword(PASSWORD, stored)).toBe(true);
    for (const other of ["", `${PASSWORD} `, PASSWORD.toUpperCase(), `${PASSWORD}\0`]) {
      expect(await isPassword(other, stored)).toBe(false);
    }
  });

  it("has a salt of its own, and says what it was made with", async () => {
    const [one, other] = await Promise.all([hashPassword(PASSWORD, CHEAP), hashPassword(PASSWORD, CHEAP)]);
    expect(one.salt).not.toBe(other.salt);
    expect(one.hash).not.toBe(other.hash);
    expect(one).toMatchObject(CHEAP);
    expect(JSON.stringify(one)).not.toContain(PASSWORD);
  });

  it("is of scrypt as RFC 7914 §12 has it", async () => {
    const stored = {
      n: 1024,
      r: 8,
      p: 16,
      salt: Buffer.from("NaCl").toString("base64"),
      hash: Buffer.from(
        "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
        "hex",
      ).toString("base64"),
    };
    expect(await isPassword("password", stored)).toBe(true);
    expect(await isPassword("passwore", stored)).toBe(false);
  });

  it("counts as outdated when it was made with another cost", async () => {
    expect(isOutdated(await hashPassword(PASSWORD, CHEAP))).toBe(true);
    expect(isOutdated(SCRYPT_COST)).toBe(false);
  });

  it("that nobody has is no password's, and costs as much", async () => {
    const nobody = noPassword(CHEAP);
    expect(nobody).toMatchObject(CHEAP);
    expect(await isPassword("", nobody)).toBe(false);
  });

  it("keeps every bit of a password of 1,024 bytes", async () => {
    const long = "é".repeat(512);
    const stored = await hashPassword(long, CHEAP);
    expect(await isPassword(`${long.slice(0, -1)}e`, stored)).toBe(false);
    expect(await isPassword(long, stored)).toBe(true);
  });
});
