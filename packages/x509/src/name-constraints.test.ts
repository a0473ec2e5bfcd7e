import "reflect-metadata";
import { AsnParser, AsnSerializer } from "@peculiar/asn1-schema";
import {
  GeneralName as AsnGeneralName,
  NameConstraints as AsnNameConstraints,
  GeneralSubtree,
  GeneralSubtrees,
} from "@peculiar/asn1-x509";
import { GeneralName } from "@peculiar/x509";
import { expect, test } from "vitest";
import { type NameConstraints, readNameConstraints, refusalOf } from "./name-constraints.ts";
import { type CertificateName, readNames } from "./names.ts";

type Form = "dns" | "ip" | "email" | "url" | "dn";

/** A constraint's address comes as `192.0.2.0/24`. */
function asn(form: Form, value: string): AsnGeneralName {
  if (form === "ip") return new AsnGeneralName({ iPAddress: value });
  return AsnParser.parse(new GeneralName(form, value).rawData, AsnGeneralName);
}

function constraints(permitted: readonly AsnGeneralName[], excluded: readonly AsnGeneralName[] = []): NameConstraints {
  const list = (names: readonly AsnGeneralName[]) =>
    names.length > 0 ? new GeneralSubtrees(names.map((base) => new GeneralSubtree({ base }))) : undefined;
  const extension = new AsnNameConstraints();
  const [permittedSubtrees, excludedSubtrees] = [list(permitted), list(excluded)];
  if (permittedSubtrees) extension.permittedSubtrees = permittedSubtrees;
  if (excludedSubtrees) extension.excludedSubtrees = excludedSubtrees;
  return readNameConstraints(new Uint8Array(AsnSerializer.serialize(extension)));
}

function nameOf(form: Form, value: string): CertificateName {
  const der = AsnSerializer.serialize(asn(form, value));
  const [name] = readNames(Uint8Array.from([0x30, der.byteLength, ...new Uint8Array(der)]));
  return name as CertificateName;
}

const within: readonly (readonly [Form, string, string, boolean])[] = [
  ["dns", "host.example", "host.example", true],
  ["dns", "host.example", "www.host.example", true],
  ["dns", "host.example", "a.b.HOST.example", true],
  ["dns", "host.example", "ghost.example", false],
  ["dns", "host.example", "example", false],
  ["dns", "host.example", "*.host.example", true],
  ["dns", ".host.example", "www.host.example", true],
  ["dns", ".host.example", "host.example", false],
  ["dns", "", "anything.example", true],
  ["ip", "192.0.2.0/24", "192.0.2.77", true],
  ["ip", "192.0.2.0/24", "192.0.3.1", false],
  ["ip", "0.0.0.0/0", "198.51.100.1", true],
  ["ip", "192.0.2.0/24", "2001:db8::1", false],
  ["ip", "2001:db8::/32", "2001:db8:1::1", true],
  ["ip", "2001:db8::/32", "2001:db9::1", false],
  ["email", "host.example", "me@host.example", true],
  ["email", "host.example", "me@www.host.example", false],
  ["email", ".host.example", "me@www.host.example", true],
  ["email", "me@host.example", "me@HOST.example", true],
  ["email", "me@host.example", "you@host.example", false],
  ["url", "host.example", "https://host.example/path", true],
  ["url", "host.example", "https://www.host.example/", false],
  ["url", ".host.example", "https://www.host.example:8443/", true],
  ["url", "host.example", "urn:uuid:1", false],
  ["dn", "O=Example, C=DE", "O=Example, C=DE", true],
  ["dn", "C=DE", "CN=www, C=DE", false],
];

test.each(within)("of %s: a permitted %j covers %j: %s", (form, base, name, covered) => {
  const refusal = refusalOf(nameOf(form, name), constraints([asn(form, base)]));
  expect(refusal === undefined).toBe(covered);
});

test("a distinguished name is within its beginning, whatever its case and spaces", () => {
  const base = constraints([asn("dn", "C=DE, O=Example")]);
  expect(refusalOf(nameOf("dn", "C=de, O=  EXAMPLE , CN=www"), base)).toBeUndefined();
  expect(refusalOf(nameOf("dn", "C=DE, O=Other, CN=www"), base)).toContain("is not within");
});

test("an excluded name is refused, with what is below it and what could cover it", () => {
  const without = constraints([], [asn("dns", "secret.host.example"), asn("ip", "192.0.2.0/24")]);
  expect(refusalOf(nameOf("dns", "www.secret.host.example"), without)).toContain("excluded");
  expect(refusalOf(nameOf("dns", "*.host.example"), without)).toContain("excluded");
  expect(refusalOf(nameOf("ip", "192.0.2.1"), without)).toContain("excluded");
  expect(refusalOf(nameOf("dns", "www.host.example"), without)).toBeUndefined();
  expect(refusalOf(nameOf("dns", "*.example"), without)).toBeUndefined();
  expect(refusalOf(nameOf("url", "urn:x"), constraints([], [asn("url", "host.example")]))).toContain("excluded");
});

test("a form of name without a constraint is free", () => {
  expect(refusalOf(nameOf("ip", "192.0.2.1"), constraints([asn("dns", "host.example")]))).toBeUndefined();
});

test("a form that nobody can compare is refused where it is constrained, and only there", () => {
  const registered = (oid: string) => new AsnGeneralName({ registeredID: oid });
  const der = AsnSerializer.serialize(registered("1.2.3"));
  const [name] = readNames(Uint8Array.from([0x30, der.byteLength, ...new Uint8Array(der)])) as [CertificateName];
  expect(refusalOf(name, constraints([registered("1.2.3")]))).toContain("cannot be compared");
  expect(refusalOf(name, constraints([asn("dns", "host.example")]))).toBeUndefined();
});

test("without any constraint in it the extension cannot be read", () => {
  expect(() => constraints([])).toThrow("no constraint");
});
