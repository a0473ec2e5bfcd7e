import type { AnyEntity, Key } from "./entity.ts";
import { LimitError } from "./errors.ts";
import { COMMIT_BYTES_LIMIT, checkKey } from "./limits.ts";
import { complainOf, isExpired, parseItem, type Row, toRow, type WritableRow } from "./row.ts";
import { COMMIT_LIMIT, type Refusal, type Write } from "./table.ts";
import { freshVersion } from "./version.ts";

/** What must hold of the item at the key, where an expired item counts as absent. */
export type Condition = "any" | "free" | "present" | { readonly version: number };

/** One write of a commit, in the terms that the drivers know. */
export type Planned = {
  readonly op: Write["op"];
  readonly type: string;
  readonly key: Key;
  readonly condition: Condition;
  /** What stood at the key is to leave nothing on the disk. */
  readonly erases?: boolean;
} & ({ readonly act: "put"; readonly row: WritableRow } | { readonly act: "remove" } | { readonly act: "check" } | Add);

/** Adds to one field in place. `row` is what an absent item becomes; one that is there gets what it lacks of it. */
export interface Add {
  readonly act: "add";
  readonly row: WritableRow;
  readonly field: string;
  readonly by: number;
}

export interface Refused extends Refusal {
  /** Bytes of what stood at the key, as DynamoDB counts them. */
  readonly oldSize: number;
}

/** Why a planned write is refused where `row` stands at its key, which may have expired. */
export function refusalOf(
  { condition, op }: Planned,
  row: Pick<Row, "version" | "expires"> | undefined,
  now: Date,
): Refusal["reason"] | undefined {
  const live = row !== undefined && !isExpired(row, now) ? row : undefined;
  const reason = (reason: Refusal["reason"]) => (op === "check" ? "check" : reason);
  if (condition === "any") return undefined;
  if (condition === "free") return live === undefined ? undefined : reason("exists");
  if (live === undefined) return reason("missing");
  if (condition === "present") return undefined;
  return live.version === condition.version ? undefined : reason("version");
}

function conditionOfCheck(is: number | "present" | "absent"): Condition {
  if (is === "absent") return "free";
  return is === "present" ? "present" : { version: is };
}

function planAdd({ entity, key, field, by }: Extract<Write, { op: "increment" }>): Add {
  const refuse = complainOf(entity.type);
  if (entity.expires !== undefined)
    refuse(entity.expires, "ends the item, allowed: increments of items without an end");
  if (entity.packed === true) refuse(field, "may be packed, allowed: increments of items that are not");
  if (!Number.isSafeInteger(by)) refuse(field, `is to grow by ${by}, allowed: whole numbers`);
  if (field in key) refuse(field, "is part of the key, allowed: other numeric fields");
  const zero = parseItem(entity, { ...key, [field]: 0 });
  if (zero[field] !== 0) refuse(field, "is not in the schema, allowed: its numeric fields");
  return { act: "add", row: toRow(entity, { ...zero, [field]: by }, freshVersion()), field, by };
}

function planWrite(write: Write): Planned {
  const { entity, op } = write;
  const type = entity.type;
  const keyOf = (key: object) => checkKey((entity as AnyEntity).keyOf(key), type);
  switch (write.op) {
    case "create":
    case "put":
    case "replace": {
      const row = toRow(entity, parseItem(entity, write.item), freshVersion());
      const condition = write.op === "create" ? "free" : write.op === "put" ? "any" : { version: write.version };
      return { act: "put", op, type, key: { pk: row.pk, sk: row.sk }, row, condition };
    }
    case "remove": {
      const condition = write.version === undefined ? "any" : { version: write.version };
      const erases = (entity as AnyEntity).erased === true;
      return { act: "remove", op, type, key: keyOf(write.key), condition, ...(erases ? { erases } : {}) };
    }
    case "check":
      return { act: "check", op, type, key: keyOf(write.key), condition: conditionOfCheck(write.is) };
    case "increment":
      return { op, type, key: keyOf(write.key), condition: "any", ...planAdd(write) };
  }
}

/** One string for one key; the length keeps ("a", "bc") apart from ("ab", "c"). */
export function keyText(key: Key): string {
  return `${key.pk.length}:${key.pk}${key.sk}`;
}

/**
 * Checks the writes of a commit against their schemas and DynamoDB's limits.
 * @throws InvalidItemError, ItemTooLargeError, LimitError
 */
export function planCommit(writes: readonly Write[]): Planned[] {
  if (writes.length > COMMIT_LIMIT) {
    const allowed = `at most ${COMMIT_LIMIT} in a commit`;
    throw new LimitError({ what: `${writes.length} writes`, where: "commit", allowed });
  }
  const planned = writes.map(planWrite);
  const places = new Map<string, number>();
  let bytes = 0;
  for (const [index, write] of planned.entries()) {
    const { key, type } = write;
    const text = keyText(key);
    const first = places.get(text);
    if (first !== undefined) {
      const where = `writes ${first} and ${index}, ${type} ${JSON.stringify(key)}`;
      throw new LimitError({ what: "two writes on one key", where, allowed: "one write on each key in a commit" });
    }
    places.set(text, index);
    if ("row" in write) bytes += write.row.size;
  }
  if (bytes > COMMIT_BYTES_LIMIT) {
    const allowed = `at most ${COMMIT_BYTES_LIMIT} bytes in a commit`;
    throw new LimitError({ what: `${bytes} bytes of items`, where: `commit of ${writes.length} writes`, allowed });
  }
  return planned;
}

/**
 * Whether a commit is sent as a transaction, at twice the units: more than one write, a check, which is no write, or an
 * increment, because only a transaction that the SDK sends again after a lost answer is known to have been done already.
 */
export function isTransaction(planned: readonly Planned[]): boolean {
  return planned.length > 1 || planned.some(({ act }) => act === "check" || act === "add");
}
