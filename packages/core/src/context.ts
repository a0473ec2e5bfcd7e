import type { HeldRole } from "@cadastre/contract/principal";
import { inKeySpace } from "@cadastre/store/key-space";
import type { Table } from "@cadastre/store/table";
import type { Lanes } from "./addresses/allocation/lanes.ts";
import type { IdempotencyClaim } from "./audit/claim.ts";
import type { PolicyMemory } from "./policies/memory.ts";
import type { Restriction, SpaceReach } from "./restriction.ts";
import type { Sealing } from "./seals/ports.ts";

/** What every use case is given: the table, the clock, and the policy numbers. Nothing global, nothing hidden. */
export interface Context {
  readonly table: Table;
  /** Whose items the table has, beside those that are global. */
  readonly organization: string;
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
  /** Of a process that allocates: who in it is at work where. */
  readonly lanes?: Lanes | undefined;
  /** Of a request about address spaces, of a caller that not all of them are for. */
  readonly spaces?: SpaceReach | undefined;
  /** Of a process that decides requests: what it remembers of policies. */
  readonly policies?: PolicyMemory | undefined;
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

/** The organization that is there from the start. Its items have no prefix; those of each other one have its own. */
export const FIRST_ORGANIZATION = "org_00000000000000000000000000";

/** The context in an organization: what of its table can be read and written is that organization's, and what is global. */
export function inOrganization<Some extends Pick<Context, "table" | "organization">>(
  context: Some,
  organization: string,
): Some {
  const prefix = organization === FIRST_ORGANIZATION ? "" : `${organization.slice("org_".length)}/`;
  return { ...context, organization, table: inKeySpace(context.table, prefix) };
}

/** The organization of a partition key as it is stored, and the key in its own space: the inverse of what `inOrganization` does to keys. */
export function toOrganization(pk: string): { readonly organization: string; readonly pk: string } {
  const [, id, rest] = /^([0-7][0-9A-HJKMNP-TV-Z]{25})\/(.*)$/s.exec(pk) ?? [];
  return id === undefined || rest === undefined
    ? { organization: FIRST_ORGANIZATION, pk }
    : { organization: `org_${id}`, pk: rest };
}

/** Kinds of those who act. */
export const PRINCIPAL_TYPES = ["user", "service-account", "collector", "system"] as const;

/** What a request was authenticated by: an API token, which narrows what its principal may do. */
export interface UsedToken {
  readonly id: string;
  readonly scopes: readonly string[];
  /** Those that it is limited to (`aws/…`), when it is. */
  readonly accounts?: readonly string[];
  /** What cursors of lists that are shown in part are sealed with. Never shown, and stored with the token alone. */
  readonly cursorKey?: string | undefined;
  /** ISO time at which it ends. */
  readonly expiresAt?: string;
}

/** What a request was authenticated by: a login session. */
export interface UsedSession {
  readonly id: string;
  /** 1 by one factor, 2 by two, 3 with one that cannot be phished. */
  readonly strength: number;
  /** ISO time at which its user last proved who it is. */
  readonly authenticatedAt: string;
  /** A second factor is due. */
  readonly isPending: boolean;
  /** As of a token. */
  readonly cursorKey?: string | undefined;
}

/** Who acts: a user, a service account, a collector, or the service itself. Made by authentication, and by nothing that a request says. */
export interface Principal {
  readonly type: (typeof PRINCIPAL_TYPES)[number];
  /** `usr_…`, `sva_…` or `col_…`; `system` for the service itself. */
  readonly id: string;
  /** As people know it: a user's name, a collector's. */
  readonly name: string;
  readonly organization: string;
  /** Ids of the groups that it is in. */
  readonly groups: readonly string[];
  /** Roles that it holds itself, also those that have ended. */
  readonly roles: readonly HeldRole[];
  readonly token?: UsedToken;
  /** Of its organization when it was authenticated; read where it is wanted when absent. */
  readonly policyVersion?: number;
  /** Made by the recovery invocation: its roles alone decide. */
  readonly isRecovery?: boolean;
  readonly session?: UsedSession;
}

/** A principal in one request. */
export interface Actor {
  readonly principal: Principal;
  readonly requestId: string;
  /** Where the request came from, as the runtime knows it, and with what. */
  readonly address?: string | undefined;
  readonly userAgent?: string | undefined;
  /** The bindings and policies that decided that it may, or may not. */
  readonly decision?: { readonly policies: readonly string[] } | undefined;
}

/** The service itself, in what it does of its own accord. */
export function systemActor(requestId: string): Actor {
  return { principal: principalOf({ type: "system", id: "system" }), requestId };
}

/** A principal of whom only type and id are known: of what was asked for earlier, and goes on by itself. */
export function principalOf(
  { type, id, name = id }: Pick<Principal, "type" | "id"> & { readonly name?: string },
  organization: string = FIRST_ORGANIZATION,
): Principal {
  return { type, id, name, organization, groups: [], roles: [] };
}

/** How a principal is named in what is stored and shown: `user:usr_…`, `collector:col_…`, `system`. */
export function nameOf({ type, id }: Pick<Principal, "type" | "id">): string {
  return type === "system" ? "system" : `${type}:${id}`;
}

/** The same of an actor. */
export const actorName = ({ principal }: Actor): string => nameOf(principal);
