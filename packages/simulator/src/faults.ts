/** What can go wrong with a request; each simulated cloud answers a kind with its own true code and shape. */
export type FaultKind =
  /** Too many requests: EC2 RequestLimitExceeded, GCP 403 rateLimitExceeded or 429. */
  | "throttle"
  /** The caller's own policies do not allow it. */
  | "deny"
  /** An organisation's policy forbids it: an AWS service control policy, a GCP organisation policy or VPC service control. */
  | "deny-scp"
  | "error-5xx"
  /** Overloaded: 503. */
  | "unavailable"
  /** Accepted and never answered. */
  | "hang"
  /** The connection is closed without an answer. */
  | "reset"
  /** Every page carries the same next-page token. */
  | "repeat-token"
  /** An AWS region that the account has not opted in to. */
  | "not-opted-in"
  /** The API or the region is switched off: EC2 AuthFailure, GCP accessNotConfigured. */
  | "disabled"
  /** 200 with a body that is cut off in the middle. */
  | "malformed"
  /** A page in HTML, from something between the client and the cloud. */
  | "page"
  /** 200 with a warning beside the data (GCP scope warnings). */
  | "warning"
  /** 200 with an empty list although something is there. */
  | "empty";

export interface Fault {
  readonly kind: FaultKind;
  /** How many matching requests it hits before it is used up; without it, all. */
  readonly times?: number;
  /** How many matching requests pass unharmed before it starts, so that a fault can hit a later page. Default 0. */
  readonly after?: number;
  /** Of a `page`. Default 403. */
  readonly status?: number;
  /** GCP: with the older list of reasons alone, without google.rpc.ErrorInfo, as parts of Compute Engine answer. */
  readonly isBare?: boolean;
  /** Replaces the cloud's own error or warning code (a GCP warning's `code`, an AWS `Code`). */
  readonly code?: string;
  /** Of a `page`, its HTML. */
  readonly message?: string;
  /** Sent as the header `Retry-After` with throttle and unavailable. */
  readonly retryAfterSeconds?: number;
}

/** What a `page` says unless it is told otherwise. */
export const BLOCKED_PAGE = "<html>Blocked by the proxy</html>";

/** Fields that a request must have, with exactly these values: service, operation, account, region, project, zone, … */
export type FaultMatch = Readonly<Record<string, string>>;

export interface Faults {
  /** Adds a fault behind those already there and returns the function that removes it (once; then it does nothing). */
  inject(rule: { readonly match: FaultMatch; readonly fault: Fault }): () => void;
  /** The fault that hits a request with these fields, counted down. The first rule that matches and is not used up wins. */
  take(request: Readonly<Record<string, string | undefined>>): Fault | undefined;
  /** Removes every fault. */
  clear(): void;
}

interface Rule {
  readonly match: readonly (readonly [string, string])[];
  readonly fault: Fault;
  toSkip: number;
  left: number;
}

/** An empty list of faults, shared by the simulated clouds of one test or demonstration. */
export function createFaults(): Faults {
  const rules = new Set<Rule>();
  return {
    inject: ({ match, fault }) => {
      const rule = {
        match: Object.entries(match),
        fault,
        toSkip: wholeNumber("after", fault.after ?? 0),
        left: wholeNumber("times", fault.times ?? Number.MAX_SAFE_INTEGER),
      };
      rules.add(rule);
      return () => {
        rules.delete(rule);
      };
    },
    take: (request) => {
      for (const rule of rules) {
        if (rule.left === 0 || !rule.match.every(([field, value]) => request[field] === value)) continue;
        if (rule.toSkip > 0) {
          rule.toSkip -= 1;
          continue;
        }
        rule.left -= 1;
        return rule.fault;
      }
      return undefined;
    },
    clear: () => rules.clear(),
  };
}

function wholeNumber(name: "after" | "times", value: number): number {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`a fault's ${name} must be a whole number from 0, not ${value}`);
  return value;
}
