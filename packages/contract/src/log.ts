/** One line of a log, for JSON. Never headers, bodies, values of queries, or secrets: members are written as they are. */
export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  /** Of the request that it is about; the answer's `x-request-id`. */
  readonly requestId?: string;
  readonly [member: string]: unknown;
}

export type Log = (line: LogLine) => void;
