import { generateKeyPairSync } from "node:crypto";
import { orderedJson } from "../digest.ts";
import { newIdAt } from "../ids.ts";
import { createKeySigner, type PublicKey, parsePublicKey, type RequestSigner } from "../keys.ts";
import { type Checkpoint, hashOfCheckpoint, signCheckpoint } from "./checkpoint.ts";
import { checkpointLine, type ExportedLeaf, endLine, recordLine } from "./export-lines.ts";
import { leafOf } from "./leaf.ts";
import { rootOf } from "./merkle.ts";
import type { AuditRecord } from "./record.ts";

const START = Date.parse("2026-11-22T05:00:00.000Z");
const MINUTE = 60_000;

/** For tests: a key that seals. */
export function anAuditKey(): { readonly signer: RequestSigner; readonly publicKey: PublicKey } {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return {
    signer: createKeySigner(privateKey),
    publicKey: parsePublicKey(publicKey.export({ type: "spki", format: "pem" }).toString()),
  };
}

/** For tests: a record of a time. */
export function aRecord(at: Date, n: number): AuditRecord {
  return {
    id: newIdAt("audit", at),
    at: at.toISOString(),
    organization: "first",
    actor: { type: "token", id: "tok_1", name: "tok_1" },
    requestId: `req_${n}`,
    action: "account.create",
    resource: { type: "account", id: `aws/${n}` },
    outcome: "done",
    flags: ["sox"],
    changes: [{ path: "name", before: "é\u2028", after: n }],
    detail: { n, list: [1, null, true], nested: { b: 1, a: "x" } },
  };
}

const toLeaf = (record: AuditRecord): ExportedLeaf => ({
  id: record.id,
  hash: Buffer.from(leafOf(record)).toString("hex"),
});

/** For tests: its line in an export. */
export const lineOf = (record: AuditRecord): string => recordLine({ id: record.id, text: orderedJson(record) });

/** For tests: an export with a checkpoint of so many records for each minute, and so many records that are not sealed yet. */
export async function* anExport(
  { signer, publicKey }: ReturnType<typeof anAuditKey>,
  sizes: readonly number[],
  unsealed = 0,
): AsyncGenerator<string> {
  let previous: Checkpoint | undefined;
  let records = 0;
  for (const [sequence, size] of sizes.entries()) {
    const from = START + sequence * MINUTE;
    const leaves: ExportedLeaf[] = [];
    for (let n = 0; n < size; n++) {
      const record = aRecord(new Date(from + Math.floor((n * MINUTE) / size)), records++);
      leaves.push(toLeaf(record));
      yield lineOf(record);
    }
    const body = {
      id: newIdAt("checkpoint", new Date(from + MINUTE)),
      organization: "first",
      sequence,
      range: { from: new Date(from).toISOString(), to: new Date(from + MINUTE).toISOString() },
      size,
      late: 0,
      root: Buffer.from(rootOf(leaves.map(({ hash }) => Buffer.from(hash, "hex")))).toString("hex"),
      ...(previous ? { previous: hashOfCheckpoint(previous) } : {}),
      sealedAt: new Date(from + MINUTE).toISOString(),
      algorithm: publicKey.algorithm,
      keyId: publicKey.fingerprint,
    };
    previous = await signCheckpoint(body, signer);
    yield checkpointLine(previous, leaves);
  }
  const tail: ExportedLeaf[] = [];
  for (let n = 0; n < unsealed; n++) {
    const record = aRecord(new Date(START + sizes.length * MINUTE + n), records++);
    tail.push(toLeaf(record));
    yield lineOf(record);
  }
  yield endLine({
    ...(previous ? { first: 0, last: hashOfCheckpoint(previous) } : {}),
    checkpoints: sizes.length,
    records,
    leaves: tail,
  });
}
