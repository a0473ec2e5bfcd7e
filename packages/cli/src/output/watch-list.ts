import { setTimeout as wait } from "node:timers/promises";
import type { Screen } from "./screen.ts";

export interface WatchListOptions {
  readonly stdout: Screen;
  readonly seconds: number;
  /** What is to be shown now. Throws what reading throws. */
  readonly draw: () => Promise<string>;
  onInterrupt(this: void, first: () => void): void;
}

const CLEAR = "\u001b[H\u001b[2J\u001b[3J";

/**
 * Shows something again and again until Ctrl-C: in its place on a terminal, elsewhere below the last one and only when it is
 * not the same. Throws what `draw` throws.
 */
export async function keepWatching({ stdout, seconds, draw, onInterrupt }: WatchListOptions): Promise<void> {
  const stop = new AbortController();
  onInterrupt(() => stop.abort());
  stdout.direct();
  let shown: string | undefined;
  while (!stop.signal.aborted) {
    const text = await draw();
    if (stdout.isTerminal) await stdout.write(`${CLEAR}${text}`);
    else if (text !== shown) await stdout.write(`${shown === undefined ? "" : "\n"}${text}`);
    shown = text;
    await wait(seconds * 1000, undefined, { signal: stop.signal }).catch(() => undefined);
  }
}
