import type { FieldError } from "@cadastre/contract/errors";

export interface ApiErrorOptions {
  /** The API's `area.reason`; `api.unreachable` without an answer; `api.unknown_answer` for one that is not the API's. */
  readonly code: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

/** The API refused, could not be reached, or answered what is not in the contract. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  /** The places in the request that were wrong. */
  readonly errors: readonly FieldError[];
  readonly requestId: string | undefined;

  constructor(options: ApiErrorOptions) {
    super(options.detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ApiError";
    this.code = options.code;
    this.status = options.status;
    this.detail = options.detail;
    this.errors = options.errors ?? [];
    this.requestId = options.requestId;
  }
}
