import { beforeAll, expect, test } from "vitest";
import { type Checkpoint, isSigned, signCheckpoint } from "./checkpoint.ts";
import { pathOf } from "./merkle.ts";
import { type AuditProof, faultOfProof } from "./proof.ts";
import type { AuditRecord } from "./record.ts";
import { anAuditKey, anExport } from "./testing.ts";

const key = anAuditKey();
let proof: AuditProof;
let sealed: Checkpoint;

beforeAll(async () => {
  const lines: Record<string, unknown>[] = [];
  for await (const line of anExport(key, [5])) lines.push(JSON.parse(line) as Record<string, unknown>);
  const { type: _, leaves, ...checkpoint } = lines[5] as Record<string, unknown> & { leaves: { hash: string }[] };
  const { type: __, ...record } = lines[2] as Record<string, unknown>;
  const hashes = leaves.map(({ hash }) => Buffer.from(hash, "hex"));
  sealed = checkpoint as unknown as Checkpoint;
  proof = {
    record: record as unknown as AuditRecord,
    leafIndex: 2,
    treeSize: 5,
    leafHash: leaves[2]?.hash ?? "",
    path: pathOf(hashes, 2).map((one) => Buffer.from(one).toString("hex")),
    root: sealed.root,
    checkpoint: sealed,
  };
});

const faultOf = (change: Partial<AuditProof>) => faultOfProof({ ...proof, ...change }, [key.publicKey]);

test("a proof holds as it is, and by the key alone that has signed the checkpoint", async () => {
  expect(await faultOf({})).toBeUndefined();
  expect(await faultOfProof(proof, [anAuditKey().publicKey])).toMatch(/signature does not hold/);
});

test("a proof does not hold for another place, another path, another tree or another record", async () => {
  for (const change of [{ path: proof.path.toReversed() }, { path: proof.path.slice(1) }, { leafIndex: 3 }])
    expect(await faultOf(change)).toBe("the path does not lead from the leaf to the root");
  // Of a tree of its own it is consistent with itself.
  const alone = { leafIndex: 0, treeSize: 1, path: [], root: proof.leafHash };
  expect(await faultOf(alone)).toBe("the root is not that of the checkpoint");
  expect(await faultOf({ ...alone, checkpoint: { ...sealed, root: proof.leafHash, size: 1 } })).toMatch(/signature/);
  expect(await faultOf({ record: { ...proof.record, outcome: "denied" } })).toMatch(/not the one that the leaf is of/);
});

test("a checkpoint that names another algorithm than its key's is signed by nobody", async () => {
  const { signature: _, ...body } = sealed;
  const other = key.publicKey.algorithm === "ed25519" ? "ecdsa-p256-sha256" : "ed25519";
  const signed = await signCheckpoint({ ...body, algorithm: other as typeof body.algorithm }, key.signer);
  expect(await isSigned(signed, [key.publicKey])).toBe(false);
});
