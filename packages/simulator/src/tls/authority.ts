import { type CertificateSpec, chainPem, type Issued, issueCertificate } from "./certificates.ts";

const dayMs = 86_400_000;

/** A private certificate authority: a root that clients trust, an intermediate that signs, and everything relative to one clock. */
export interface Authority {
  readonly root: Issued;
  readonly intermediate: Issued;
  /** The moment that many days from now; negative for the past. */
  readonly day: (days: number) => Date;
  /** A server certificate for a name (and for loopback), valid for 90 days unless told otherwise. */
  issueServer(name: string, rest?: Partial<CertificateSpec>): Promise<Issued>;
  /** What a server that does it right sends: the certificate, then the intermediate. */
  chainOf(leaf: Issued): string;
}

export async function createAuthority(options: {
  readonly now: () => Date;
  readonly host: string;
}): Promise<Authority> {
  // Whole seconds: RFC 5280 and RFC 6960 forbid fractions, and the encoders would write them.
  const start = Math.floor(options.now().getTime() / 1000) * 1000;
  const day = (days: number) => new Date(start + days * dayMs);
  const validity = { purpose: "authority", notBefore: day(-400), notAfter: day(3650) } as const;
  const root = await issueCertificate({ ...validity, commonName: "Cadastre Simulator Root" });
  const intermediate = await issueCertificate({
    ...validity,
    commonName: "Cadastre Simulator Issuing CA 1",
    issuer: root,
  });
  return {
    root,
    intermediate,
    day,
    issueServer: (name, rest = {}) =>
      issueCertificate({
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
