import { idHash } from "@cadastre/contract/digest";
import type { KindName } from "@cadastre/contract/kinds/names";
import { KINDS } from "@cadastre/contract/kinds/registry";
import { kindOfId } from "@cadastre/contract/resource";
import { scopeName } from "@cadastre/contract/scope";
import { put } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { ResourceItem } from "./items.ts";
import type { StoredResource } from "./view.ts";

export const ACCOUNT = "111122223333";
export const GUEST = "444455556666";

/** For tests: the natural id of something in EC2. */
export const arn = (rest: string, account = ACCOUNT, region = "us-east-1"): string =>
  `arn:aws:ec2:${region}:${account}:${rest}`;

/** For tests: who sees a resource: a source, in a scope of an account. */
export const claimOf = (
  account: string,
  kind: KindName,
  {
    source = "s",
    provider = "aws",
    region = "us-east-1",
  }: Partial<Record<"source" | "provider" | "region", string>> = {},
) => ({ source, scope: scopeName({ provider: provider as "aws", account, region, kind }) });

const HASH = "a".repeat(64);
const TIME = "2026-01-01T00:00:00Z";

/** What a kind must have, and no test asks for. */
const REQUIRED: Readonly<Record<KindName, object>> = {
  network: { networkId: "vpc-1" },
  subnet: { subnetId: "subnet-1", network: arn("vpc/vpc-1"), ownerAccount: ACCOUNT, cloudReservedCount: 5 },
  instance: { instanceId: "i-1", state: "running", type: "t" },
  interface: { interfaceId: "eni-1", state: "in-use" },
  address: { type: "external" },
  endpoint: { host: "shop.example", port: 443, protocol: "tls", outcome: "ok" },
  certificate: {
    fingerprint: HASH,
    serialNumber: "01",
    subject: "CN=x",
    issuer: "CN=y",
    notBefore: TIME,
    notAfter: TIME,
    keyAlgorithm: "rsa",
    signatureAlgorithm: "sha256WithRSAEncryption",
  },
};

/** For tests: an active resource as the register has it, seen by the account that its id names. */
export function aResourceItem(id: string, attributes: object = {}, more: Partial<ResourceItem> = {}): StoredResource {
  const { kind = "instance", provider = "aws", account = ACCOUNT, region = "us-east-1" } = kindOfId(id) ?? {};
  return {
    idHash: idHash(kind, id),
    id,
    kind,
    provider,
    account,
    region,
    name: "",
    tags: {},
    attributes: KINDS[kind].attributes.parse({ ...REQUIRED[kind], ...attributes }),
    volatile: {},
    contentHash: "",
    claims: [claimOf(account, kind, { provider, region })],
    status: "active",
    firstSeenAt: "2026-01-01T00:00:00.000Z",
    firstSeenBy: { actor: "collector:col_1", run: "run_1" },
    changedAt: "2026-01-02T00:00:00.000Z",
    sequence: 1,
    lastChange: { run: "run_1", type: "created", scope: scopeName({ provider, account, region, kind }) },
    version: 1,
    ...more,
  };
}

/** For tests: puts resources into the register as they are. */
export async function register(context: Context, ...resources: readonly StoredResource[]): Promise<void> {
  await context.table.load(resources.map(({ version: _, ...item }) => put(ResourceItem, item)));
}
