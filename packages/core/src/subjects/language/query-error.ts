import { ProblemError } from "@cadastre/contract/errors";

/** A stretch of a search text, in UTF-16 code units from its beginning; `to` is behind the last one. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const MOST_SHOWN = 80;

/**
 * A search text that cannot be answered: 422 `query.invalid`. The message names the place, counted from 1, and says what is
 * allowed or may have been meant; the problem has the place as `place`, from 0.
 */
export class QueryError extends ProblemError {
  readonly span: Span;

  constructor(q: string, span: Span, reason: string) {
    const shown = q.slice(span.from, Math.min(span.to, span.from + MOST_SHOWN)).toWellFormed();
    const message = `at character ${span.from + 1}${shown === "" ? "" : `, ${shown}`}: ${reason}`;
    super("query.invalid", message, {
      errors: [{ path: "q", message }],
      extra: { place: { from: span.from, to: span.to } },
    });
    this.name = "QueryError";
    this.span = span;
  }
}
