import type { ScopeError } from "@cadastre/contract/scope";

/** The contract's bounds of a scope's error list. */
const MOST_ERRORS = 50;
const MOST_MESSAGE = 1000;
const MOST_OPERATION = 200;
const CODE = /^[a-z][a-z0-9_]{0,63}$/;

// Cutting may halve a surrogate pair, and half a pair has no canonical bytes.
const cut = (text: string, most: number) => text.slice(0, most).toWellFormed();

/** An error within the contract's bounds. A code of another form becomes `unknown`, and goes before the message. */
function toScopeError(error: ScopeError): ScopeError {
  const known = CODE.test(error.code);
  const message = known ? error.message : `${error.code}: ${error.message}`;
  return {
    code: known ? error.code : "unknown",
    message: cut(message, MOST_MESSAGE),
    ...(error.operation === undefined ? {} : { operation: cut(error.operation, MOST_OPERATION) }),
  };
}

export interface ErrorList {
  add(error: ScopeError): void;
  /** At most 50; when there were more, the last one says how many were left out. */
  list(): ScopeError[];
}

export function createErrorList(): ErrorList {
  const errors: ScopeError[] = [];
  let count = 0;
  return {
    add(error) {
      count += 1;
      if (errors.length < MOST_ERRORS) errors.push(toScopeError(error));
    },
    list() {
      if (count <= MOST_ERRORS) return [...errors];
      const shown = errors.slice(0, MOST_ERRORS - 1);
      return [...shown, { code: "errors_omitted", message: `${count - shown.length} more errors` }];
    },
  };
}
