import type { Log } from "@cadastre/contract/log";
import { ConflictError } from "@cadastre/store/errors";
import { create, replace } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { TokenUseItem } from "./items.ts";

/** The last use is written at most so often. */
const HOUR_MILLISECONDS = 3_600_000;
/** Tokens that a process remembers to have noted; the one that was noted longest ago goes first. */
const MOST_TOKENS = 10_000;

/** A token that was just used. */
export interface UsedNow {
  readonly id: string;
  /** ISO time at which it ends. */
  readonly expiresAt: string;
}

/** Notes that a token is used. Never throws; resolves once it is written, or need not be. */
export type NoteTokenUse = (token: UsedNow) => Promise<void>;

/**
 * Notes when tokens were last used: at most one write an hour for each, however many requests and instances there are. In a process the
 * first request of an hour reads what was written and writes it at that version; others, which come meanwhile, do nothing. Of two processes at
 * once one writes, and the other's conflict says that it is written. What fails is logged, and the next request tries again.
 */
export function createTokenUses({ context, log }: { readonly context: Context; readonly log: Log }): NoteTokenUse {
  const { table, now, retentionDays } = context;
  const notedAt = new Map<string, number>();

  function remember(id: string, time: number): void {
    notedAt.delete(id);
    notedAt.set(id, time);
    const [oldest] = notedAt.keys();
    if (notedAt.size > MOST_TOKENS && oldest !== undefined) notedAt.delete(oldest);
  }

  async function write({ id, expiresAt }: UsedNow, at: Date): Promise<void> {
    const stored = await table.get(TokenUseItem, { id }, { consistent: true });
    const written = stored === undefined ? undefined : Date.parse(stored.usedAt);
    if (written !== undefined && at.getTime() - written < HOUR_MILLISECONDS) return remember(id, written);
    const forgottenAt = Math.ceil(Date.parse(expiresAt) / 1000) + (retentionDays + 1) * 86_400;
    const item = { id, usedAt: at.toISOString(), expiresAt: forgottenAt };
    await table.commit([stored ? replace(TokenUseItem, item, stored.version) : create(TokenUseItem, item)]);
  }

  return async function noteTokenUse(token) {
    const at = now();
    const noted = notedAt.get(token.id);
    if (noted !== undefined && at.getTime() - noted < HOUR_MILLISECONDS) return;
    // Before it is written: requests at the same time find it here.
    remember(token.id, at.getTime());
    try {
      await write(token, at);
    } catch (error) {
      const isWritten = error instanceof ConflictError && error.refusals.every(({ reason }) => reason !== "busy");
      if (isWritten) return;
      notedAt.delete(token.id);
      log({ level: "warn", message: "the last use of a token could not be written", error: String(error) });
    }
  };
}
