import { createHash } from "node:crypto";
import type { ScopeKey } from "@cadastre/contract/scope";
import { hashText } from "./random.ts";

/** A resource as a collector shows it, before the contract's defaults. */
export interface CloudResource {
  readonly id: string;
  readonly name: string;
  readonly tags: Record<string, string>;
  readonly attributes: Record<string, unknown>;
}

/** Who else sees what a scope has: a participant sees a shared subnet bare, a certificate is the same for all. */
export interface Share {
  readonly from: number;
  readonly to: number;
}

export type Cloud = ReturnType<typeof createCloud>;

const arn = ({ region, account }: ScopeKey, rest: string) => `arn:aws:ec2:${region}:${account}:${rest}`;

/** The content of one resource at a revision. Revisions are numbers of changes in the whole cloud, so none comes twice. */
function contentOf(scope: ScopeKey, place: number, n: number, revision: number): CloudResource {
  const tags = { env: n % 3 === 0 ? "prod" : "test", revision: `r${revision}` };
  const spread = hashText(`${place}/${n}/${revision}`);
  const network = arn(scope, "vpc/vpc-1");
  switch (scope.kind) {
    case "instance": {
      const instanceId = `i-${place}${n}`;
      const address = `10.${place}.${n}.${1 + (spread % 3)}`;
      const attributes = {
        instanceId,
        state: "running",
        type: "m7g.large",
        network,
        interfaces: [{ interfaceId: `eni-${place}${n}`, network, privateAddresses: [{ address, primary: true }] }],
      };
      return { id: arn(scope, `instance/${instanceId}`), name: `web-${n}`, tags, attributes };
    }
    case "network":
    case "subnet": {
      const own = scope.kind === "network" ? "vpc" : "subnet";
      const name = `${own}-${place}${n}`;
      const length = 20 + (spread % 9);
      const prefix = `172.${16 + place}.${(n & 7) * 16}.0/${length}`;
      const blocks = [{ prefix, role: "primary" }];
      const attributes =
        own === "vpc"
          ? { networkId: name, blocks }
          : { subnetId: name, network, ownerAccount: scope.account, blocks, cloudReservedCount: 5 };
      return { id: arn(scope, `${own}/${name}`), name: `net-${n}`, tags, attributes };
    }
    default: {
      const fingerprint = createHash("sha256").update(`${place}/${n}`).digest("hex");
      const day = String(1 + (spread % 28)).padStart(2, "0");
      const attributes = {
        fingerprint,
        serialNumber: `0${n}`,
        subject: `CN=host-${n}`,
        issuer: "CN=authority",
        subjectAltNames: [`host-${n}.example`],
        notBefore: "2026-01-01T00:00:00Z",
        notAfter: `2027-03-${day}T00:00:00Z`,
        keyAlgorithm: "rsa",
        signatureAlgorithm: "sha256WithRSAEncryption",
      };
      return { id: `sha256:${fingerprint}`, name: `host-${n}`, tags, attributes };
    }
  }
}

/** What there is, scope by scope. It changes only by `set`, `remove` and `restore`. */
export function createCloud(scopes: readonly ScopeKey[], shares: readonly Share[]) {
  const own = scopes.map(() => new Map<number, CloudResource>());
  const gone = scopes.map(() => new Map<number, CloudResource>());
  let revision = 0;

  /** What the account of a scope is shown there now. */
  function see(at: number): CloudResource[] {
    const shared = shares
      .filter(({ to }) => to === at)
      .flatMap(({ from }) => [...(own[from]?.values() ?? [])])
      .map((one) => (scopes[at]?.provider === "tls" ? one : { ...one, name: "", tags: {} }));
    return [...(own[at]?.values() ?? []), ...shared];
  }

  return {
    see,
    set(at: number, n: number): void {
      own[at]?.set(n, contentOf(scopes[at] as ScopeKey, at, n, ++revision));
    },
    remove(at: number, n: number): void {
      const one = own[at]?.get(n);
      if (one === undefined) return;
      gone[at]?.set(n, one);
      own[at]?.delete(n);
    },
    /** What was removed last is there again as it was. */
    restore(at: number, n: number): void {
      const one = gone[at]?.get(n);
      if (one !== undefined && own[at]?.has(n) === false) own[at].set(n, one);
    },
    /** Whether it is this scope's own, and not shown by another. */
    owns: (at: number, id: string): boolean => [...(own[at]?.values() ?? [])].some((one) => one.id === id),
  };
}
