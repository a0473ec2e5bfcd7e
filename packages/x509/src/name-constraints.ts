import type { AsnType } from "asn1js";
import { childrenOf, readBlock } from "./asn1.ts";
import { type CertificateName, type DirectoryPath, readName } from "./names.ts";

/** The names that an issuer may certify (RFC 5280 §4.2.1.10). */
export interface NameConstraints {
  readonly permitted: readonly CertificateName[];
  readonly excluded: readonly CertificateName[];
}

const PERMITTED_TAG = 0;
const EXCLUDED_TAG = 1;

/** Reads the extension (DER). Throws when it has neither list, or a name in it cannot be read. */
export function readNameConstraints(der: Uint8Array): NameConstraints {
  const lists = childrenOf(readBlock(der));
  const subtrees = (tag: number) =>
    lists
      .filter((list) => list.idBlock.tagNumber === tag)
      .flatMap((list) => childrenOf(list).map((subtree) => baseOf(subtree)));
  const read = { permitted: subtrees(PERMITTED_TAG), excluded: subtrees(EXCLUDED_TAG) };
  if (read.permitted.length + read.excluded.length === 0) throw new Error("there is no constraint in it");
  return read;
}

function baseOf(subtree: AsnType): CertificateName {
  const [base] = childrenOf(subtree);
  if (!base) throw new Error("a constraint has no name");
  return readName(base);
}

/** Why these constraints do not allow a name, in words; undefined when they do. */
export function refusalOf(name: CertificateName, constraints: NameConstraints): string | undefined {
  const alike = (one: CertificateName) => isSameForm(one, name);
  const excluded = constraints.excluded.filter(alike);
  const permitted = constraints.permitted.filter(alike);
  // Constraints on forms of names that nobody here can compare must refuse such names (RFC 5280 §4.2.1.10).
  if (name.form === "other") {
    return excluded.length + permitted.length > 0 ? `${show(name)} is of a form that cannot be compared` : undefined;
  }
  const against = excluded.find((one) => isWithin(name, one) || couldBeWithin(name, one));
  if (against) return `${show(name)} is excluded by ${show(against)}`;
  if (permitted.length === 0 || permitted.some((one) => isWithin(name, one))) return undefined;
  const some = permitted.slice(0, 5).map(show).join(", ");
  return `${show(name)} is not within ${some}${permitted.length > 5 ? " and others" : ""}`;
}

function show(name: CertificateName): string {
  return name.text === undefined ? "a name of another form" : JSON.stringify(name.text);
}

function isSameForm(one: CertificateName, other: CertificateName): boolean {
  if (one.form === "other" && other.form === "other") return one.tag === other.tag;
  return one.form === other.form;
}

function isWithin(name: CertificateName, base: CertificateName): boolean {
  if (name.form === "dns" && base.form === "dns") return isHostWithin(name.text, base.text);
  if (name.form === "email" && base.form === "email") return isMailboxWithin(name.text, base.text);
  if (name.form === "uri" && base.form === "uri") return isUriWithin(name.text, base.text);
  if (name.form === "ip" && base.form === "ip") return isAddressWithin(name.bytes, base.bytes);
  if (name.form === "directory" && base.form === "directory") return isPathWithin(name.path, base.path);
  return false;
}

/**
 * `*.example` covers `www.example`, so an issuer that must not certify the one must not certify the other. A URI without a host
 * could be anywhere.
 */
function couldBeWithin(name: CertificateName, base: CertificateName): boolean {
  if (name.form === "uri") return !hostOf(name.text);
  if (name.form !== "dns" || base.form !== "dns" || !name.text.startsWith("*.")) return false;
  const parent = plain(name.text.slice(1));
  const labels = plain(base.text).replace(/^\./, "");
  const above = labels.indexOf(".");
  return above > 0 && labels.slice(above) === parent;
}

const plain = (host: string) => host.toLowerCase().replace(/\.$/, "");

/** The host itself and everything below it; only what is below for one that begins with a dot, as all clients read it. */
function isHostWithin(host: string, base: string): boolean {
  const [inner, outer] = [plain(host), plain(base)];
  if (outer === "") return true;
  if (outer.startsWith(".")) return inner.endsWith(outer);
  return inner === outer || inner.endsWith(`.${outer}`);
}

/** Of mailboxes and URIs a host means itself alone, and one that begins with a dot what is below. */
function isExactlyWithin(host: string, base: string): boolean {
  const [inner, outer] = [plain(host), plain(base)];
  return outer === "" || (outer.startsWith(".") ? inner.endsWith(outer) : inner === outer);
}

function isMailboxWithin(mailbox: string, base: string): boolean {
  const [at, baseAt] = [mailbox.lastIndexOf("@"), base.lastIndexOf("@")];
  const host = mailbox.slice(at + 1);
  if (baseAt < 0) return isExactlyWithin(host, base);
  // What stands before the @ has cases; the host has none.
  return mailbox.slice(0, at) === base.slice(0, baseAt) && plain(host) === plain(base.slice(baseAt + 1));
}

function isUriWithin(uri: string, base: string): boolean {
  const host = hostOf(uri);
  return host !== undefined && host !== "" && isExactlyWithin(host, base);
}

function hostOf(uri: string): string | undefined {
  return URL.parse(uri)?.hostname;
}

function isAddressWithin(address: Uint8Array, base: Uint8Array): boolean {
  if (base.length !== address.length * 2) return false;
  const mask = base.subarray(address.length);
  return address.every((byte, index) => (byte & (mask[index] ?? 0)) === ((base[index] ?? 0) & (mask[index] ?? 0)));
}

function isPathWithin(path: DirectoryPath, base: DirectoryPath): boolean {
  return base.every((step, index) => path[index] === step);
}
