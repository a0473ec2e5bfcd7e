import { describe, expect, it } from "vitest";
import * as z from "zod";
import { newCredential } from "./credential.ts";
import type { ProblemError } from "./errors.ts";
import { parse } from "./parse.ts";

const schema = z.strictObject({
  name: z.string(),
  owners: z.array(z.strictObject({ account: z.string(), notes: z.string().optional() })).default([]),
});

function refusal(work: () => unknown): ProblemError {
  try {
    work();
  } catch (error) {
    return error as ProblemError;
  }
  throw new Error("it was not refused");
}

describe("an unknown member", () => {
  it("is refused at its place, with what was probably meant", () => {
    const { code, errors, message } = refusal(() =>
      parse(schema, { name: "a", owners: [{ account: "1", note: "x" }], onwers: [] }),
    );
    expect(code).toBe("request.invalid");
    expect(errors).toEqual([
      { path: "owners[0].note", message: "is not known here; did you mean notes?" },
      { path: "onwers", message: "is not known here; did you mean owners?" },
    ]);
    expect(message).toBe("owners[0].note: is not known here; did you mean notes?");
  });

  it("that is like nothing is refused with what there is", () => {
    expect(refusal(() => parse(schema, { name: "a", zzz: 1 })).errors).toEqual([
      { path: "zzz", message: "is not known here; known are name, owners" },
    ]);
    expect(refusal(() => parse(z.strictObject({}), { zzz: 1 })).errors[0]?.message).toBe(
      "is not known here, nothing is",
    );
  });

  it.each([
    { name: "a", secret: { type: "generic", "hunter2-AKIA": "x", secret: "y" } },
    { name: "a", secret: { type: "generic", secret: "y" }, "hunter2-AKIA": true },
    { name: "a", secret: { type: "hunter2-AKIA" } },
  ])("of a credential is refused without its name, which may be the secret", (value) => {
    const error = refusal(() => parse(newCredential, value, { isSecret: true }));
    expect(error.code).toBe("request.invalid");
    expect(JSON.stringify([error.message, error.errors])).not.toContain("hunter2");
  });
});
