import { ProblemError } from "@cadastre/contract/errors";
import { ConflictError } from "@cadastre/store/errors";
import { create, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { changesBetween } from "../changes.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { laterOf, recordChange, type SubjectChange } from "../feed/record-change.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { SaidItem } from "./items.ts";

/** What people can say of a subject. */
export interface Said {
  readonly notes: string;
  readonly owner: string;
}

export const NOTHING_SAID: Said = { notes: "", owner: "" };

/** The subject that something is said of, as its own area knows it. */
export interface Annotated extends Pick<SubjectChange, "id" | "place"> {
  readonly subject: { readonly type: "account" | "resource"; readonly key: string };
  /** Index entries that come and go with what is said; they are written in the same commit. */
  readonly indexed: (before: Said, after: Said) => readonly Write[];
}

export interface AnnotateOptions {
  /** The version that the person saw, 0 when nothing had been said; whatever is there now when absent (`If-Match: *`). */
  readonly version?: number | undefined;
}

/**
 * Says something of a subject: members that are not given stay. No sync can make it fail, since it writes nothing that a sync
 * writes. What changes nothing writes nothing. Throws 412 `request.precondition_failed` when it was changed since `version`.
 * Writes the item, an event, a feed item, index entries and one audit record, all in one commit.
 */
export async function annotate(
  context: Context,
  actor: Actor,
  annotated: Annotated,
  patch: Partial<Record<keyof Said, string | undefined>>,
  { version }: AnnotateOptions,
): Promise<void> {
  const attempt = async () => {
    const { subject } = annotated;
    const stored = await context.table.get(SaidItem, { subject }, { consistent: true });
    const current = stored?.version ?? 0;
    if (version !== undefined && version !== current)
      throw new ProblemError(
        "request.precondition_failed",
        `what is said of it has version ${current}, not ${version}`,
      );
    const before = toSaid(stored);
    const after = { notes: patch.notes ?? before.notes, owner: patch.owner ?? before.owner };
    const changes = changesBetween(before, after);
    if (changes.length === 0) return;
    const at = laterOf(context.now().toISOString(), stored?.changedAt);
    const item: SaidItem = { subject, ...after, changedAt: at, sequence: (stored?.sequence ?? 0) + 1 };
    const { id, place } = annotated;
    const { sequence } = item;
    const change = { subject, id, place, type: "annotated", at, stream: "s", sequence, changes } as const;
    const writes = [
      stored ? replace(SaidItem, item, stored.version) : create(SaidItem, item),
      ...recordChange(context, { ...change, actor: actorName(actor) }),
      ...annotated.indexed(before, after),
    ];
    await commitRecorded(context, actor, writes, { action: `${subject.type}.annotate`, target: id, changes });
  };
  if (version === undefined) return retryOnConflict(attempt);
  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    const detail = "it was changed meanwhile; read it again";
    throw new ProblemError("request.precondition_failed", detail, { cause: error });
  }
}

export function toSaid(stored: Stored<SaidItem> | undefined): Said {
  return stored ? { notes: stored.notes, owner: stored.owner } : NOTHING_SAID;
}
