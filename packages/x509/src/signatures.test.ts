import type { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { createSignatureCheck } from "./signatures.ts";

test("a signature is checked once, and after two hundred of them no further one", () => {
  let checks = 0;
  const named = (number: number) =>
    ({
      subject: "CN=Same",
      issuer: "CN=Same",
      fingerprint256: String(number),
      verify: () => {
        checks += 1;
        return true;
      },
    }) as unknown as X509Certificate;
  const isSigned = createSignatureCheck();
  const issuer = named(0);
  const answers = Array.from({ length: 300 }, (_, number) => isSigned(named(number), issuer));
  expect(answers.filter((signed) => signed)).toHaveLength(200);
  expect(isSigned(named(7), issuer)).toBe(true);
  expect(isSigned(named(299), issuer)).toBe(false);
  expect(checks).toBe(200);
});
