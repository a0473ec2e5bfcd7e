import { beforeAll, expect, test } from "vitest";
import { type Authority, aLeaf, anAuthority, type Issued, withTimes } from "./testing/pki.ts";
import { readValidity } from "./validity.ts";

let authority: Authority;
let leaf: Issued;
beforeAll(async () => {
  authority = await anAuthority();
  leaf = await aLeaf(authority.intermediate);
});

async function beginning(text: string): Promise<string> {
  const odd = await withTimes(leaf, authority.intermediate, { notBefore: text, notAfter: "491231235959Z" });
  const { notBefore, notAfter } = readValidity(odd.x509.raw);
  expect(notAfter.toISOString()).toBe("2049-12-31T23:59:59.000Z");
  return notBefore.toISOString();
}

test("the times are those that OpenSSL reads", () => {
  const { notBefore, notAfter } = readValidity(leaf.x509.raw);
  expect(notBefore).toEqual(leaf.x509.validFromDate);
  expect(notAfter).toEqual(leaf.x509.validToDate);
});

test.each([
  ["500101000000Z", "1950-01-01T00:00:00.000Z"],
  ["491231235959Z", "2049-12-31T23:59:59.000Z"],
  ["240229120000Z", "2024-02-29T12:00:00.000Z"],
])("%s is %s", async (text, expected) => {
  expect(await beginning(text)).toBe(expected);
});

test.each([
  ["an offset", "250101000000+0100"],
  ["an offset of nothing", "250101000000+0000"],
  ["four digits of the year", "20250101000000Z"],
  ["a fraction", "250101000000.5Z"],
  ["a day that does not exist", "250229000000Z"],
  ["an hour that does not exist", "250101240000Z"],
  ["other signs", "25010100000:Z"],
])("a time with %s is refused with its text", async (_name, text) => {
  await expect(beginning(text)).rejects.toThrow(`notBefore is ${JSON.stringify(text)}`);
});
