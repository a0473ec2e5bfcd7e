import type { Fields } from "./body.ts";
import type { AnyEntity, Key } from "./entity.ts";
import { InvalidItemError, LimitError } from "./errors.ts";
import { COMMIT_BYTES_LIMIT, checkKey } from "./limits.ts";
import { complainOf, isExpired, parseItem, type Row, toRow, type WritableRow } from "./row.ts";
import { COMMIT_LIMIT, type Refusal, type Write } from "./table.ts";
import { freshVersion } from "./version.ts";

/** What must hold of the item at the key, where an expired item counts as absent. "unexpired" lets only a dead one fail. */
export type Condition = "any" | "free" | "present" | "unexpired" | { readonly version: number };

/** One write of a commit, in the terms that the drivers know. `index` is its place in the commit. */
export type Planned = {
  readonly index: number;
  readonly op: Write["op"];
  readonly type: string;
  readonly key: Key;
  readonly condition: Condition;
} & (
  | { readonly act: "put"; readonly row: WritableRow }
  | { readonly act: "remove" }
  | { readonly act: "check" }
  | Update
);

/** Changes one field in place. `seed` holds what an absent item is made of; without it the item must be there. */
export interface Update {
  readonly act: "update";
  readonly version: number;
  readonly change: { readonly add: number } | { readonly set: string | number; readonly expires: number };
  readonly field: string;
  readonly seed?: WritableRow;
  /** Index keys of the changed item, for the drivers that can see whether they would change. */
  readonly entity: AnyEntity;
}

export interface Refused extends Refusal {
  /** What stood at the key. */
  readonly old?: Row & { readonly size: number };
}

/** Why a planned write is refused where `live` is what stands at its key (expired counts as nothing). */
export function refusalOf(
  planned: Planned,
  live: { readonly version: number } | undefined,
): Refusal["reason"] | undefined {
  const { condition, op } = planned;
  const reason = (reason: Refusal["reason"]) => (op === "check" ? "check" : reason);
  if (condition === "any" || condition === "unexpired") return undefined;
  if (condition === "free") return live === undefined ? undefined : reason("exists");
  if (live === undefined) return reason("missing");
  if (condition === "present") return undefined;
  return live.version === condition.version ? undefined : reason("version");
}

/** The same for a row that may have expired. */
export function refusalOfRow(planned: Planned, row: Row | undefined, now: Date): Refusal["reason"] | undefined {
  return refusalOf(planned, row !== undefined && !isExpired(row, now) ? row : undefined);
}

/** Names of the fields that an entity builds its key of. */
function keyFields(entity: AnyEntity, key: object): ReadonlySet<string> {
  const seen = new Set<string>();
  const spy = new Proxy(key, {
    get: (target, name) => {
      seen.add(String(name));
      return Reflect.get(target, name);
    },
  });
  entity.keyOf(spy);
  return seen;
}

function conditionOfCheck(is: number | "present" | "absent"): Condition {
  if (is === "absent") return "free";
  return is === "present" ? "present" : { version: is };
}

function planIncrement(write: Extract<Write, { op: "increment" }>): Update & { condition: Condition } {
  const { entity, key, field, by } = write;
  const used = keyFields(entity, key);
  const refuse = complainOf(entity.type);
  if (!Number.isSafeInteger(by)) refuse(field, `is to grow by ${by}, allowed: whole numbers`);
  if (used.has(field) || field === entity.expires || field === "version") {
    refuse(field, "is part of the key, the expiry or the version, allowed: other numeric fields");
  }
  const version = freshVersion();
  const update: Update = { act: "update", version, change: { add: by }, field, entity };
  const seed: Fields = { [field]: by };
  for (const name of used) seed[name] = (key as Fields)[name];
  if (entity.indexes !== undefined || !entity.schema.safeParse(seed).success)
    return { ...update, condition: "present" };
  return { ...update, seed: toRow(entity, seed, version), condition: "unexpired" };
}

function planExpire(write: Extract<Write, { op: "expire" }>): Update & { condition: Condition } {
  const { entity, at } = write;
  if (entity.expires === undefined) {
    throw new InvalidItemError(entity.type, ["expire needs an entity that names its `expires` field"]);
  }
  const seconds = Math.floor(at.getTime() / 1000);
  if (!Number.isSafeInteger(seconds))
    complainOf(entity.type)(entity.expires, "is to be no time, allowed: a valid Date");
  const isText = fieldSchema(entity, entity.expires)?.safeParse(seconds).success === false;
  const set = isText ? new Date(seconds * 1000).toISOString() : seconds;
  const change = { set, expires: seconds };
  return { act: "update", version: freshVersion(), change, field: entity.expires, entity, condition: "present" };
}

function fieldSchema(
  entity: AnyEntity,
  field: string,
): { safeParse(value: unknown): { success: boolean } } | undefined {
  return entity.schema.shape?.[field];
}

function planWrite(write: Write, index: number): Planned {
  const { entity, op } = write;
  const type = entity.type;
  switch (write.op) {
    case "create":
    case "put":
    case "replace": {
      const row = toRow(entity, parseItem(entity, write.item), freshVersion());
      const condition =
        write.op === "create" ? "free" : write.op === "put" ? "any" : ({ version: write.version } as const);
      return { act: "put", index, op, type, key: { pk: row.pk, sk: row.sk }, row, condition };
    }
    case "remove": {
      const condition = write.version === undefined ? "any" : { version: write.version };
      return { act: "remove", index, op, type, key: checkKey(entity.keyOf(write.key), type), condition };
    }
    case "check": {
      const key = checkKey(entity.keyOf(write.key), type);
      return { act: "check", index, op, type, key, condition: conditionOfCheck(write.is) };
    }
    case "increment":
      return { index, op, type, key: checkKey(entity.keyOf(write.key), type), ...planIncrement(write) };
    case "expire":
      return { index, op, type, key: checkKey(entity.keyOf(write.key), type), ...planExpire(write) };
  }
}

/** One string for one key; the length keeps ("a", "bc") apart from ("ab", "c"). */
export function keyText(key: Key): string {
  return `${key.pk.length}:${key.pk}${key.sk}`;
}

/**
 * Checks the writes of a commit against their schemas and DynamoDB's limits. A commit with a token has room for one write
 * less, because the token is stored in the same transaction. @throws InvalidItemError, ItemTooLargeError, LimitError
 */
export function planCommit(writes: readonly Write[], hasToken: boolean): Planned[] {
  const most = hasToken ? COMMIT_LIMIT - 1 : COMMIT_LIMIT;
  if (writes.length > most) {
    throw new LimitError({
      what: `${writes.length} writes`,
      where: "commit",
      allowed: `at most ${most} in a commit ${hasToken ? "with" : "without"} a token`,
    });
  }
  const planned = writes.map(planWrite);
  const places = new Map<string, number>();
  let bytes = 0;
  for (const write of planned) {
    const { index, key, type } = write;
    const text = keyText(key);
    const first = places.get(text);
    if (first !== undefined) {
      const where = `writes ${first} and ${index}, ${type} ${JSON.stringify(key)}`;
      throw new LimitError({ what: "two writes on one key", where, allowed: "one write on each key in a commit" });
    }
    places.set(text, index);
    if (write.act === "put") bytes += write.row.size;
  }
  if (bytes > COMMIT_BYTES_LIMIT) {
    const allowed = `at most ${COMMIT_BYTES_LIMIT} bytes in a commit`;
    throw new LimitError({ what: `${bytes} bytes of items`, where: `commit of ${writes.length} writes`, allowed });
  }
  return planned;
}

/** Text that is the same for the same writes: what a token stands for. */
export function commitText(planned: readonly Planned[]): string {
  return JSON.stringify(
    planned.map((p) => [
      p.op,
      p.type,
      p.key,
      p.condition,
      p.act === "put" ? p.row.body : p.act === "update" ? [p.field, p.change] : null,
    ]),
  );
}

/** The item that an update leaves behind, or an error where DynamoDB would refuse or would leave an index stale. */
export function updatedFields(update: Update, old: Row): { fields: Fields; expires: number | undefined } {
  const { change, field, entity } = update;
  if ("set" in change) return { fields: { ...old.fields, [field]: change.set }, expires: change.expires };
  const current = old.fields[field] ?? 0;
  if (typeof current !== "number") complainOf(entity.type)(field, "is no number, allowed: increments of numbers");
  return { fields: { ...old.fields, [field]: (current as number) + change.add }, expires: old.expires };
}
