import { ApiError } from "@cadastre/client/api-error";
import type { FieldError } from "@cadastre/contract/errors";
import { NotFoundError, UsageError } from "../exit-codes.ts";
import type { Screen } from "./screen.ts";
import { neutralise, neutraliseLines } from "./text.ts";

/** What is said of an error. */
export interface Failure {
  readonly message: string;
  readonly code?: string | undefined;
  readonly errors?: readonly FieldError[];
  readonly requestId?: string | undefined;
  readonly hint?: string | undefined;
}

const HINTS: Readonly<Record<string, string>> = {
  "auth.missing": "set CADASTRE_TOKEN, or give --token-file",
  "auth.invalid": "is the token of this API, and whole? `cadastre tokens create` makes another one",
  "auth.expired":
    "`cadastre login` gives another one; or `cadastre tokens create`, with a token that is still valid, makes another one",
  "auth.revoked": "`cadastre login` gives another one; or ask for one: `cadastre tokens create`",
  "auth.forbidden": "use a token with the scope, or ask for one: `cadastre tokens create NAME --scopes …`",
  "request.precondition_failed": "somebody was faster: look at it again, then repeat the command",
  "api.unreachable": "is the API running there? CADASTRE_API or --api says where it is",
  "api.unavailable":
    "is the API running there? CADASTRE_API or --api says where it is; the next collect delivers what waits",
  "api.unknown_answer": "CADASTRE_API or --api says where the API is",
  "collector.pending":
    "an operator approves it: `cadastre collectors approve NAME`; the next collect delivers what waits",
  "collector.rejected": "register another key: `cadastre collectors add`",
  "collector.revoked": "register another key: `cadastre collectors add`",
  "collector.name_taken": "`cadastre collectors show NAME` shows it; a revoked collector's name is free again",
  "collector.key_taken": "`cadastre collectors list` shows who has it",
  "collector.foreign_account": "`cadastre collectors show NAME` shows the providers and accounts that it may report",
  "scope.in_use":
    "--stale leaves out what is reported; a collector that is gone for good is revoked first: `cadastre collectors revoke NAME`",
  "scope.changed": "somebody, or a collector, was faster: repeat the command to see what is meant now",
  "signature.unknown_key": "register it first: `cadastre collectors add NAME --key-file F …`",
  "signature.stale": "is this machine's clock right?",
  "signature.future": "is this machine's clock right?",
  "session.interrupted": "the next collect delivers what waits",
  "spool.busy": "the other process, or the next collect, delivers what waits",
};

/** What can be done about an error of this code. */
export function hintOf(code: string): string | undefined {
  return HINTS[code];
}

export function toFailure(error: unknown): Failure {
  if (error instanceof ApiError) {
    const { code, detail, errors, requestId } = error;
    return { message: detail, code, errors, requestId, hint: hintOf(code) };
  }
  if (error instanceof UsageError || error instanceof NotFoundError)
    return { message: error.message, hint: error.hint };
  return { message: error instanceof Error ? error.message : String(error) };
}

/** For stderr: what was wrong, its code, every wrong place, the id to find it by in the API's log, and what can be done. */
export function renderFailure(failure: Failure, screen: Screen): string {
  const { message, code, errors = [], requestId, hint } = failure;
  const said = code === undefined ? "" : ` (${neutralise(code)})`;
  // A single place is most often in the message already.
  const isSaid = ({ path, message: wrong }: FieldError) =>
    message === wrong || (message.includes(path) && message.includes(wrong));
  const places = errors.filter((one) => !isSaid(one));
  return [
    `${screen.style("red", "error:")} ${neutraliseLines(message)}${said}`,
    ...places.map(({ path, message: wrong }) => `  ${neutralise(path)}: ${neutralise(wrong)}`),
    ...(requestId === undefined ? [] : [`  request id: ${neutralise(requestId)}`]),
    ...(hint === undefined ? [] : [`${screen.style("cyan", "hint:")} ${hint}`]),
  ]
    .map((line) => `${line}\n`)
    .join("");
}
