/** What a request cost: capacity units of the API's table, and the API's own time. */
export interface Cost {
  readonly reads: number;
  readonly writes: number;
  readonly milliseconds: number;
}

/** The cost that an answer tells in its Server-Timing; undefined when it tells none. */
export function costOf(headers: Headers): Cost | undefined {
  const text = headers.get("server-timing") ?? "";
  const [, reads] = /\breads;desc="(\d+(?:\.\d+)?)"/.exec(text) ?? [];
  const [, writes] = /\bwrites;desc="(\d+(?:\.\d+)?)"/.exec(text) ?? [];
  const [, milliseconds] = /\bapp;dur=(\d+(?:\.\d+)?)/.exec(text) ?? [];
  if (reads === undefined || writes === undefined) return undefined;
  return { reads: Number(reads), writes: Number(writes), milliseconds: Number(milliseconds ?? 0) };
}
