/** One line of a log. Members must hold no secret: they are written as they are. */
export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly [member: string]: unknown;
}

export type Log = (line: LogLine) => void;
