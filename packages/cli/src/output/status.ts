import type { ScopeStatus } from "@cadastre/contract/scope";
import type { Style } from "./screen.ts";
import { neutralise } from "./text.ts";

export const STATUS_STYLES: Readonly<Record<ScopeStatus, Style>> = {
  complete: "green",
  partial: "yellow",
  failed: "red",
  skipped: "dim",
};

interface Cause {
  readonly code: string;
  readonly message: string;
  readonly operation?: string | undefined;
}

/** Why a scope is not complete, on one line: `ec2:DescribeSubnets denied: … (and 2 more)`. */
export function reasonOf(errors: readonly Cause[]): string {
  const [first] = errors;
  if (!first) return "";
  const operation = first.operation === undefined ? "" : `${first.operation} `;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return neutralise(`${operation}${first.code}: ${first.message}${more}`);
}
