import type { Refusal } from "./table.ts";

/** A condition of a commit did not hold; nothing of the commit was written. */
export class ConflictError extends Error {
  readonly refusals: readonly Refusal[];
  constructor(refusals: readonly Refusal[]) {
    super(`commit refused: ${refusals.map((r) => `write ${r.index} (${r.reason})`).join(", ")}`);
    this.name = "ConflictError";
    this.refusals = refusals;
  }
}

/** An item is larger than one item may be; nothing was sent. Sizes in bytes as DynamoDB counts them. */
export class ItemTooLargeError extends Error {
  readonly type: string;
  readonly key: { readonly pk: string; readonly sk: string };
  readonly size: number;
  readonly limit: number;
  constructor(options: { type: string; key: { pk: string; sk: string }; size: number; limit: number }) {
    const { type, key, size, limit } = options;
    super(`item too large: ${type} ${JSON.stringify(key)} is ${size} bytes, at most ${limit} are allowed`);
    this.name = "ItemTooLargeError";
    this.type = type;
    this.key = key;
    this.size = size;
    this.limit = limit;
  }
}

/** A request goes past a bound of the store (writes per commit, bytes per commit, length of a key); nothing was sent. */
export class LimitError extends Error {
  /** What was wrong: the bounded thing, as in "writes in a commit". */
  readonly what: string;
  /** Where: the write or the key it was found in. */
  readonly where: string;
  /** What is allowed. */
  readonly allowed: string;
  constructor(options: { what: string; where: string; allowed: string }) {
    super(`limit passed: ${options.what} (${options.where}); allowed: ${options.allowed}`);
    this.name = "LimitError";
    this.what = options.what;
    this.where = options.where;
    this.allowed = options.allowed;
  }
}

/** A cursor that this store did not make for this query. */
export class CursorError extends Error {
  readonly code = "cursor.invalid";
  constructor(why: string) {
    super(`cursor invalid: ${why}; allowed: the cursor of the previous page of the same query, unchanged`);
    this.name = "CursorError";
  }
}

/** An item, a key or a request does not fit its entity; nothing was sent. `issues` name the fields and what is allowed. */
export class InvalidItemError extends Error {
  readonly type: string;
  readonly issues: readonly string[];
  constructor(type: string, issues: readonly string[]) {
    super(`invalid ${type}: ${issues.join("; ")}`);
    this.name = "InvalidItemError";
    this.type = type;
    this.issues = issues;
  }
}

/** The store stayed busy (throttled or locked by another process) for all attempts. A `load` may have been done in part. */
export class BusyError extends Error {
  constructor(what: string, options?: ErrorOptions) {
    super(`store busy: ${what}; try again later`, options);
    this.name = "BusyError";
  }
}
