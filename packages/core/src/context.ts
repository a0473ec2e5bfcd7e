import type { Table } from "@cadastre/store/table";
import type { IdempotencyClaim } from "./audit/claim.ts";
import type { Restriction } from "./restriction.ts";
import type { Sealing } from "./seals/ports.ts";

/** What every use case is given: the table, the clock, and the policy numbers. Nothing global, nothing hidden. */
export interface Context {
  readonly table: Table;
  readonly now: () => Date;
  readonly holdPolicy: HoldPolicy;
  /** How long changes can be read as a feed, and what has ended stays. */
  readonly retentionDays: number;
  /** Of a process that seals the audit log, or shows the key that it is sealed by. */
  readonly sealing?: Sealing | undefined;
  /** Of a process that runs jobs, too: told that a person started one, so that it need not wait for the next look. */
  readonly onJobStarted?: () => void;
  /** Of a request with an Idempotency-Key: the first recorded commit claims the key for what it does. */
  readonly claim?: IdempotencyClaim;
  /** Of a request: whether what refused it has recorded that itself. */
  readonly attempt?: { isRefusalRecorded: boolean };
  /** Of a request whose caller may see only a part of the estate. Every list and every read by an id keeps to it. */
  readonly restriction?: Restriction | undefined;
}

/**
 * When a complete scope's losses wait for an operator: when they are more than `share` (0 to 1) of what is known and at
 * least `floor` resources, and always when nothing at all would be left.
 */
export interface HoldPolicy {
  readonly share: number;
  readonly floor: number;
}

export const DEFAULT_HOLD_POLICY: HoldPolicy = { share: 0.25, floor: 3 };
export const DEFAULT_RETENTION_DAYS = 400;

/** Everything belongs to one organization until there are others. */
export const FIRST_ORGANIZATION = "first";

/** Who acts: an API token, a collector, or the service itself. Made by authentication, and by nothing that a request says. */
export interface Principal {
  readonly type: "token" | "collector" | "system";
  /** `tok_…` or `col_…`; `system` for the service itself. */
  readonly id: string;
  readonly organization: string;
  /** What policies decide by: a token's `scopes` and, when it is limited, `accounts` (`aws/…`), a collector's `accounts` and `providers`. */
  readonly attributes: Readonly<Record<string, readonly string[]>>;
  /** Of a token that is limited: what its cursors are sealed with. Never shown, and stored with the token alone. */
  readonly cursorKey?: string | undefined;
}

/** A principal in one request. */
export interface Actor {
  readonly principal: Principal;
  readonly requestId: string;
  /** Where the request came from, as the runtime knows it, and with what. */
  readonly address?: string | undefined;
  readonly userAgent?: string | undefined;
}

/** The service itself, in what it does of its own accord. */
export function systemActor(requestId: string): Actor {
  return { principal: { type: "system", id: "system", organization: FIRST_ORGANIZATION, attributes: {} }, requestId };
}

/** How a principal is named in what is stored and shown: `token:tok_…`, `collector:col_…`, `system`. */
export function nameOf({ type, id }: Pick<Principal, "type" | "id">): string {
  return type === "system" ? "system" : `${type}:${id}`;
}

/** The same of an actor. */
export const actorName = ({ principal }: Actor): string => nameOf(principal);
