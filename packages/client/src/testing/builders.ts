const AT = "2026-03-01T12:00:00Z";
export const ULID = "01JN8Q5ZJ0000000000000000A";
export const ARN = "arn:aws:ec2:us-east-1:123456789012:instance/i-1";
export const aResource = {
  id: ARN,
  key: `res_${"0".repeat(32)}`,
  kind: "instance",
  provider: "aws",
  account: "123456789012",
  region: "us-east-1",
  name: "web",
  tags: {},
  status: "active",
  attributes: {},
  volatile: {},
  observedBy: [],
  confirmed: true,
  notes: "",
  owner: "",
  firstSeenAt: AT,
  changedAt: AT,
  version: 3,
};
export const anEvent = { sequence: 1, at: AT, type: "created", actor: "collector:aws", changes: [] };
export const aScope = {
  provider: "aws",
  account: "123456789012",
  region: "us-east-1",
  kind: "instance",
  source: "aws",
  status: "complete",
  errors: [],
  resources: 1,
  generation: 1,
  lastRunAt: AT,
  missing: 0,
  stale: false,
};
export const aHold = {
  id: `hld_${ULID}`,
  source: "aws",
  provider: "aws",
  account: "123456789012",
  region: "us-east-1",
  kind: "instance",
  state: "pending",
  generation: 2,
  known: 10,
  missing: 9,
  sample: [],
  createdAt: AT,
  version: 4,
};
export const aCollector = {
  id: `col_${ULID}`,
  name: "aws",
  providers: ["aws"],
  accounts: ["*"],
  keyFingerprint: "f".repeat(64),
  keyAlgorithm: "ed25519",
  state: "pending",
  createdAt: AT,
  createdBy: "user:ops",
  version: 1,
};
export const anAccount = {
  provider: "aws",
  account: "123456789012",
  name: "",
  platform: "",
  tier: "gold",
  environment: "",
  owner: "",
  regions: [],
  notes: "",
  createdAt: AT,
  createdBy: "user:ops",
  updatedAt: AT,
  version: 1,
};
export const aToken = {
  principal: { type: "user", id: `usr_${ULID}` },
  id: `tok_${ULID}`,
  name: "ci",
  scopes: ["resources:read"],
  createdAt: AT,
  createdBy: "user:ops",
  expiresAt: AT,
  version: 1,
};
export const aCredential = {
  id: `crd_${ULID}`,
  name: "reader",
  type: "generic",
  description: "",
  createdAt: AT,
  createdBy: "user:ops",
  version: 1,
};
export const aTrigger = { id: `trg_${ULID}`, collector: `col_${ULID}`, requestedAt: AT, requestedBy: "user:ops" };
export const anAuditRecord = {
  id: `aud_${ULID}`,
  at: AT,
  actor: "system",
  action: "a.b",
  target: "t",
  outcome: "done",
  requestId: "r",
  changes: [],
  detail: {},
};
export const SECRET = { type: "generic", secret: "s" } as const;
