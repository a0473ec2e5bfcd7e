import type { AuditRecord } from "@cadastre/contract/audit/record";
import type { ChangeEntry } from "@cadastre/contract/changes";
import type { Collector } from "@cadastre/contract/collector";
import type { Coverage } from "@cadastre/contract/coverage";
import type { Hold, ScopeState } from "@cadastre/contract/discovery";
import type { DeadLetter } from "@cadastre/contract/feed";
import type { Job } from "@cadastre/contract/job";
import type { ScopeStatus } from "@cadastre/contract/scope";
import type { Token } from "@cadastre/contract/token";
import type { Resource, ResourceEvent } from "@cadastre/contract/view";
import type { CloudResource } from "./cloud.ts";
import type { Delivery } from "./network.ts";
import type { Story } from "./story.ts";

/** What one run of a collector showed of a scope. */
export interface LookedAt {
  readonly status: ScopeStatus;
  /** By natural id, as they were first shown. */
  readonly shown: ReadonlyMap<string, CloudResource>;
}

export interface Look {
  readonly run: string;
  readonly source: string;
  readonly startedAtStep: number;
  /** When its process was over; at the end of all, when it never was. */
  readonly endedAtStep: () => number;
  /** Of accounts that the collector may not speak of. */
  readonly foreign: boolean;
  /** By the place of the scope in the story. */
  readonly scopes: ReadonlyMap<number, LookedAt>;
}

/** What an operator asked for; its deliveries have its name. */
export interface Asked {
  readonly name: string;
  readonly kind: string;
  readonly token: string;
  /** The text that an annotation added, the id that it was about, and so on. */
  readonly about: Readonly<Record<string, unknown>>;
}

/** A moment after which something must not work any more. */
export interface Ended {
  readonly what: "token" | "collector";
  readonly id: string;
  /** Requests sent from this step on must be refused. */
  readonly atStep: number;
}

/** A consumer was told of a change, and took or refused it. */
export interface Told {
  readonly consumer: string;
  /** Its id. */
  readonly change: string;
  /** When its teller began. */
  readonly sinceStep: number;
  readonly atStep: number;
}

/** When an item was first in the table. */
export interface Appeared {
  readonly time: number;
  readonly step: number;
}

/** What the register is. */
export interface Register {
  readonly resources: readonly Resource[];
  readonly holds: readonly Hold[];
}

/** What the API shows, of the register and of who did what. */
export interface Shown extends Register {
  /** By natural id, oldest first. */
  readonly histories: ReadonlyMap<string, readonly ResourceEvent[]>;
  readonly audit: readonly AuditRecord[];
  /** Oldest first. */
  readonly changes: readonly ChangeEntry[];
  /** The same in pages of another size. */
  readonly changesNewestFirst: readonly ChangeEntry[];
  readonly letters: readonly DeadLetter[];
  readonly jobs: readonly Job[];
  readonly states: readonly ScopeState[];
  /** What lists say that they rest on. */
  readonly coverage: Coverage;
  readonly tokens: readonly Token[];
  readonly collectors: readonly Collector[];
  readonly accounts: readonly { readonly provider: string; readonly account: string }[];
  readonly credentials: readonly {
    readonly id: string;
    readonly name: string;
    readonly revokedAt?: string | undefined;
  }[];
}

/** All that is known of a story once it is over: what was shown and asked, and what the API says. */
export interface Facts extends Shown {
  readonly story: Story;
  readonly looks: ReadonlyMap<string, Look>;
  readonly deliveries: readonly Delivery[];
  /** Ids of the requests of all organizations: who does not prove who it is, is in the log of the first. */
  readonly requests: ReadonlySet<string>;
  readonly asked: readonly Asked[];
  readonly ended: readonly Ended[];
  /** What consumers took, in the order in which they did. */
  readonly told: readonly Told[];
  readonly refused: readonly Told[];
  /** When each item was first in the table, in that order, by its partition and sort key with a line break between them. */
  readonly appeared: ReadonlyMap<string, Appeared>;
}
