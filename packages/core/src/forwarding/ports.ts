import type { AuditRecord } from "@cadastre/contract/audit/record";
import type { ForwardingFault } from "@cadastre/contract/forwarder";
import type { ForwarderItem } from "./items.ts";

/** What is sent at once: some records in their order, or none, as a test. */
export interface Delivery {
  /** The same for what is sent again. */
  readonly id: string;
  readonly forwarder: ForwarderItem;
  /** What a webhook's message is signed with, each by itself. */
  readonly secrets: readonly string[];
  readonly records: readonly AuditRecord[];
  readonly at: Date;
}

/** Why a receiver did not take a delivery. */
export class DeliveryError extends Error {
  readonly fault: ForwardingFault;
  readonly status: number | undefined;

  constructor(fault: ForwardingFault, { status, cause }: { status?: number; cause?: unknown } = {}) {
    super(fault, { cause });
    this.name = "DeliveryError";
    this.fault = fault;
    this.status = status;
  }
}

/** Resolves when the receiver has taken it all. Throws DeliveryError, after a bounded time at the latest. */
export type Deliver = (delivery: Delivery) => Promise<void>;
