/** How a request came here, as the runtime knows it and no header can claim. */
export interface RequestOrigin {
  /** Its ids in what it came through, for its line in the log. */
  readonly line: Readonly<Record<string, string>>;
  /** Whether people may call from there. */
  readonly isAllowed: boolean;
}

/** Of what the runtime hands to the app beside a request. */
export type OriginOf = (env: unknown) => RequestOrigin;
