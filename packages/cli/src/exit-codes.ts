import { ApiError } from "@cadastre/client/api-error";

/** How the command ends; scripts rely on these. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** A scope is not complete: of a collection, or of what a list with --require-complete rests on. */
  incomplete: 3,
  unauthorised: 4,
  /** The API does not answer; what was collected waits in the spool. */
  unreachable: 5,
  /** Ended by a second Ctrl-C, as shells count it. */
  interrupted: 130,
} as const;

export const EXIT_CODES_HELP = `
Exit codes:
  0  done
  1  failed
  2  the command line, a file or the environment is not right
  3  done, but a scope is not complete (collect, and lists with --require-complete)
  4  not authorised (token or collector)
  5  the API cannot be reached (what was collected waits in the spool)
`;

/** Something about the command line, a file that it names, or the environment is not right. Nothing was done. */
export class UsageError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = "UsageError";
    this.hint = hint;
  }
}

/** The API has nothing of this name: the same as its own answer that there is none. */
export class NotFoundError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = "NotFoundError";
    this.hint = hint;
  }
}

/** What OAuth answers with 400 to who is not let in. */
const GRANTS: readonly string[] = ["grant.refused", "grant.invalid", "grant.denied", "grant.expired", "grant.scope"];

/** The exit code of an answer with this code and HTTP status. */
export function exitCodeOfStatus(code: string, status: number | undefined): number {
  if (status === 401 || status === 403 || GRANTS.includes(code)) return EXIT.unauthorised;
  return code === "api.unreachable" || code === "api.unavailable" || code === "spool.busy"
    ? EXIT.unreachable
    : EXIT.failure;
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  return error instanceof ApiError ? exitCodeOfStatus(error.code, error.status) : EXIT.failure;
}
