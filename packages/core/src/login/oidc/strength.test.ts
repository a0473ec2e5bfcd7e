import { describe, expect, it } from "vitest";
import { authenticatedAt, methodsBy } from "./strength.ts";

const NOW = new Date("2026-12-01T12:00:00.000Z");

describe("how strongly a provider says that somebody has proved who it is", () => {
  it.each([
    [{}],
    [{ amr: ["pwd"] }],
    [{ amr: ["otp"] }],
    [{ amr: ["hwk", "swk", "pop"] }],
    [{ amr: ["user", "geo", "mca", "__proto__", "constructor"] }],
    [{ amr: "mfa" }],
    [{ amr: { 0: "mfa" } }],
    [{ acr: "2" }],
    [{ acr: ["https://refeds.org/profile/mfa"] }],
    [{ amr: [...Array(50).fill("x"), "mfa"] }],
  ])("%j is one factor", (claims) => {
    expect(methodsBy(claims)).toEqual(["oidc"]);
  });

  it.each([
    [{ amr: ["mfa"] }],
    [{ amr: ["pwd", "otp"] }],
    [{ amr: ["hwk", "pin"] }],
    [{ amr: ["face", "swk"] }],
    [{ acr: "https://refeds.org/profile/mfa" }],
  ])("%j is two", (claims) => {
    expect(methodsBy(claims)).toEqual(["oidc", "oidc-mfa"]);
  });
});

describe("when a provider says that somebody has proved it", () => {
  it.each([
    [NOW.getTime() / 1000 - 90, "2026-12-01T11:58:30.000Z"],
    [NOW.getTime() / 1000 + 90, NOW.toISOString()],
    [undefined, "2026-11-30T12:00:00.000Z"],
    ["1764590400", "2026-11-30T12:00:00.000Z"],
    [-1, "2026-11-30T12:00:00.000Z"],
    [Number.POSITIVE_INFINITY, "2026-11-30T12:00:00.000Z"],
  ])("%s is %s", (at, expected) => {
    expect(authenticatedAt({ auth_time: at }, NOW)).toBe(expected);
  });
});
