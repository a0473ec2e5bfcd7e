import { type CertificateSpec, chainPem, type Issued, issueCertificate } from "./certificates.ts";
import type { Material } from "./material.ts";

const dayMs = 86_400_000;

/** A private certificate authority: a root that clients trust, an intermediate that signs, and everything relative to one clock. */
export interface Authority {
  readonly root: Issued;
  readonly intermediate: Issued;
  /** The moment that many days from now; negative for the past. */
  readonly day: (days: number) => Date;
  /** A certificate, kept where certificates are kept; common name and key type together name it, so no two may share them. */
  issue(spec: CertificateSpec): Promise<Issued>;
  /** A server certificate for a name (and for loopback), valid for 90 days unless told otherwise. */
  issueServer(name: string, rest?: Partial<CertificateSpec>): Promise<Issued>;
  /** What a server that does it right sends: the certificate, then the intermediate. */
  chainOf(leaf: Issued): string;
}

export async function createAuthority(options: {
  readonly now: () => Date;
  readonly host: string;
  readonly material: Material;
}): Promise<Authority> {
  // Whole seconds: RFC 5280 and RFC 6960 forbid fractions, and the encoders would write them.
  const start = Math.floor(options.now().getTime() / 1000) * 1000;
  const day = (days: number) => new Date(start + days * dayMs);
  const issue = (spec: CertificateSpec) =>
    options.material.certificate(`${spec.commonName} (${spec.keyType ?? "P-256"})`, recipeOf(spec, start), () =>
      issueCertificate(spec),
    );
  const validity = { purpose: "authority", notBefore: day(-400), notAfter: day(3650) } as const;
  const root = await issue({ ...validity, commonName: "Cadastre Simulator Root" });
  const intermediate = await issue({
    ...validity,
    commonName: "Cadastre Simulator Issuing CA 1",
    issuer: root,
  });
  return {
    root,
    intermediate,
    day,
    issue,
    issueServer: (name, rest = {}) =>
      issue({
        commonName: name,
        purpose: "server",
        notBefore: day(-30),
        notAfter: day(60),
        issuer: intermediate,
        dnsNames: [name],
        ipAddresses: [options.host],
        ...rest,
      }),
    chainOf: (leaf) => chainPem([leaf, intermediate]),
  };
}

/** Everything that a certificate is made from but its key; validity in days from the start, so that it is the same at every start. */
function recipeOf(spec: CertificateSpec, start: number): string {
  const { commonName, purpose, keyType = "P-256", dnsNames = [], ipAddresses = [], hash = "SHA-256" } = spec;
  const days = [spec.notBefore, spec.notAfter].map((date) => (date.getTime() - start) / dayMs);
  const issuer = spec.issuer?.fingerprint ?? "self";
  return JSON.stringify({ commonName, purpose, keyType, hash, days, issuer, dnsNames, ipAddresses });
}
