import { describe, expect, it } from "vitest";
import { canonicalPassword, requirePassword } from "./password-rules.ts";

const of = (password: string) => requirePassword(password, { userName: "anna.lind@example.org" });

describe("a password to be set", () => {
  it.each([
    ["correct horse battery staple"],
    ["9f$Kq2!vLm0x"],
    ["ünïcödé ist lang"],
    ["🦓🦊🐝 sind drei Tiere"],
    ["x".repeat(3) + "yz0123456789".repeat(85)],
  ])("may be %j", async (password) => {
    expect(await of(password)).toBe(password.normalize("NFC"));
  });

  it.each([
    ["", "at least 12 characters"],
    ["short", "at least 12 characters"],
    ["12345678901", "at least 12 characters"],
    // Eleven characters, though they are 44 bytes and 22 units of UTF-16.
    ["🦓🦊🐝🦁🐯🐻🐨🐼🐵🦄🐙", "at least 12 characters"],
    ["aéz".repeat(400), "at most 1024 bytes"],
    ["aaaaaaaaaaaaaaaa", "three different"],
    ["ababababababab", "three different"],
    ["123456654321", "many people use"],
    ["1Q2W3E4R5T6Y", "many people use"],
    ["password1234", "many people use"],
    ["!!Password12!!", "many people use"],
    ["qwerty qwerty", "many people use"],
    ["dragon123456", "many people use"],
    ["correct horse\0", "control characters"],
    ["correct\thorse battery", "control characters"],
    ["anna.lind@example.org", "user name"],
    ["MyNameIsANNA.LIND!", "user name"],
  ])("is refused when it is %j", async (password, why) => {
    const error = await of(password).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "password.weak", errors: [{ path: "password" }] });
    expect(String(error)).toContain(why);
    if (password !== "") expect(String(error)).not.toContain(password);
  });

  it("is the same one from every keyboard: NFC, and nothing else is changed", () => {
    expect(canonicalPassword("e\u0301")).toBe("\u00e9");
    expect(canonicalPassword(" Aa ")).toBe(" Aa ");
  });
});
