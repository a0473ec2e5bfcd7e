import { isIP } from "node:net";
import { type Link, type Problem, problem } from "./problem.ts";

/** The common name does not count (RFC 9525 §2); clients have stopped looking at it. `name` is a host name or an address. */
export function nameProblems(leaf: Link, name: string): Problem[] {
  const { certificate, read } = leaf;
  const matches = isIP(name)
    ? certificate.checkIP(name)
    : certificate.checkHost(name, { subject: "never", wildcards: true, partialWildcards: false });
  if (matches !== undefined) return [];
  const all = read?.facts.subjectAltNames ?? [];
  const names = all.slice(0, 5).map((one) => JSON.stringify(one));
  const more = all.length > names.length ? " and others" : "";
  const given = names.length > 0 ? `is for ${names.join(", ")}${more}` : "has no subject alternative name";
  return [problem("wrong_name", leaf, `the certificate ${read ? given : "is for other names"}, not for ${name}`)];
}
