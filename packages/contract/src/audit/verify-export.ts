import * as z from "zod";
import type { PublicKey } from "../keys.ts";
import { type Checkpoint, checkpoint, hashOfCheckpoint, isSigned, MOST_LEAVES } from "./checkpoint.ts";
import { areEqual, compareLeaves } from "./compare-leaves.ts";
import { type ExportedLeaf, exportEnd, exportedLeaf } from "./export-lines.ts";
import { leafOf } from "./leaf.ts";
import { rootOf } from "./merkle.ts";

/** What does not hold: of a record where it can be known, else of the time of a checkpoint, or of a line. */
export interface Fault {
  readonly line: number;
  readonly record?: string;
  readonly checkpoint?: Pick<Checkpoint, "sequence" | "range">;
  readonly what: string;
}

export interface Verified {
  readonly checkpoints: number;
  readonly records: number;
  /** Records at the end that no checkpoint has yet. */
  readonly unsealed: number;
  readonly late: number;
  /** Records that retention has removed, as a checkpoint says: how many, and until when. */
  readonly removed: number;
  readonly removedUntil?: string;
  readonly range?: Checkpoint["range"];
  /** When nobody sealed: how often, and the first of those times. */
  readonly gaps: { readonly count: number; readonly first: readonly NonNullable<Checkpoint["gap"]>[] };
}

export type Verification = ({ readonly holds: true } & Verified) | { readonly holds: false; readonly fault: Fault };

export interface VerifyOptions {
  /** The keys that checkpoints may be signed by. */
  readonly keys: readonly PublicKey[];
  /** Only what was sealed for times from then on is looked at; the chain is followed from the beginning. */
  readonly since?: string | undefined;
}

class FaultError extends Error {
  readonly fault: Fault;
  constructor(fault: Fault) {
    super(fault.what);
    this.fault = fault;
  }
}

const MOST_GAPS = 10;
const exportedCheckpoint = checkpoint.extend({ leaves: z.array(exportedLeaf).max(MOST_LEAVES).optional() });
const identified = z.object({ id: z.string().max(64) });

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (text: string): Uint8Array => Buffer.from(text, "hex");

type Parsed = Readonly<Record<string, unknown>>;

function parseLine(text: string, line: number): Parsed {
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === "object" && !Array.isArray(value)) return value as Parsed;
  } catch {
    // What it is instead is not repeated.
  }
  throw new FaultError({ line, what: "this line is not a JSON object: it was cut off or edited" });
}

/** Follows the lines of one export; holds what one checkpoint has, whatever comes. */
function createVerifier({ keys, since }: VerifyOptions) {
  let group: (ExportedLeaf & { readonly line: number })[] = [];
  let last: Checkpoint | undefined;
  let first: number | undefined;
  let from: string | undefined;
  let removedThrough = -1;
  let removedUntil: string | undefined;
  let announcedThrough = -1;
  let isEnded = false;
  const sums = { checkpoints: 0, records: 0, unsealed: 0, late: 0, removed: 0 };
  const gaps: NonNullable<Checkpoint["gap"]>[] = [];
  let gapCount = 0;

  function addRecord(record: Parsed, line: number): void {
    const { type: _, ...rest } = record;
    const parsed = identified.safeParse(rest);
    if (!parsed.success) throw new FaultError({ line, what: "this record has no id: it was edited" });
    const { id } = parsed.data;
    sums.records += 1;
    group.push({ id, hash: leafHash(rest, id, line), line });
    if (group.length > 2 * MOST_LEAVES)
      throw new FaultError({ line, record: id, what: "was inserted: no checkpoint has so many records" });
  }

  function leafHash(record: object, id: string, line: number): string {
    try {
      return hex(leafOf(record));
    } catch {
      throw new FaultError({ line, record: id, what: "was edited: it has no canonical bytes" });
    }
  }

  async function addCheckpoint(given: Parsed, line: number): Promise<void> {
    const { type: _, leaves: __, ...raw } = given;
    const parsed = exportedCheckpoint.safeParse(given);
    if (!parsed.success)
      throw new FaultError({ line, what: "this checkpoint does not have the form of one: it was edited" });
    const { leaves, ...own } = parsed.data;
    const { sequence, range } = own;
    const fail = (what: string, more: Partial<Fault> = {}): never => {
      throw new FaultError({ line, checkpoint: { sequence, range }, what, ...more });
    };
    if (!(await isSigned(raw as Checkpoint, keys)))
      fail(
        keys.some(({ fingerprint }) => fingerprint === own.keyId)
          ? "the checkpoint was edited: its signature does not hold"
          : "the checkpoint is signed by a key that is not among those given",
      );
    follow(own, fail);
    const isLookedAt = since === undefined || range.to > since;
    if (leaves === undefined && own.size === 0) fail("the list of its leaves was taken away");
    if (leaves === undefined) {
      if (group[0])
        fail("was inserted: retention has removed the records of its checkpoint", {
          record: group[0].id,
          line: group[0].line,
        });
      removedThrough = Math.max(removedThrough, sequence);
      removedUntil = range.to;
      sums.removed += own.size;
    } else if (isLookedAt) hold(own, leaves, fail);
    group = [];
    last = raw as Checkpoint;
    from ??= range.from;
    announcedThrough = Math.max(announcedThrough, own.removedThrough ?? -1);
    sums.checkpoints += 1;
    sums.late += own.late;
    if (own.gap) {
      gapCount += 1;
      if (gaps.length < MOST_GAPS) gaps.push(own.gap);
    }
  }

  /** Whether it is a later checkpoint of the same log. */
  async function isAnnouncement(given: Checkpoint): Promise<boolean> {
    const isLater = last === undefined || (given.sequence > last.sequence && given.organization === last.organization);
    return isLater && isSigned(given, keys);
  }

  /** That it is the next of the chain. */
  function follow({ sequence, previous, range, organization }: Checkpoint, fail: (what: string) => never): void {
    if (!last) {
      first = sequence;
      if ((sequence === 0) !== (previous === undefined))
        fail("the chain does not begin here: the checkpoint before it is missing");
      return;
    }
    if (sequence !== last.sequence + 1)
      fail(
        sequence > last.sequence
          ? `checkpoints are missing between ${last.sequence} and ${sequence}`
          : `it stands out of order, after checkpoint ${last.sequence}`,
      );
    if (organization !== last.organization) fail("it is of another organization");
    if (previous !== hashOfCheckpoint(last)) fail("it was chained anew: it does not follow the checkpoint before it");
    if (range.from !== last.range.to) fail("its time does not begin where that of the checkpoint before it ends");
  }

  /** That the records before it are those that it has. */
  function hold(
    { size, root }: Checkpoint,
    leaves: readonly ExportedLeaf[],
    fail: (what: string, more?: Partial<Fault>) => never,
  ): void {
    const isSame = areEqual(leaves, group);
    const isListed = leaves.length === size && hex(rootOf(leaves.map(({ hash }) => bytes(hash)))) === root;
    if (isSame && isListed) return;
    const isThere = group.length === size && hex(rootOf(group.map(({ hash }) => bytes(hash)))) === root;
    const difference = compareLeaves(leaves, group);
    if (isThere) fail("the list of its leaves was edited; its records are those that were sealed");
    if (!isListed) fail("neither its records nor the list of its leaves are those that were sealed");
    if (!difference) fail("its records are not those that were sealed");
    else
      fail(difference.what, {
        record: difference.record,
        line: group.find(({ id }) => id === difference.record)?.line ?? group[0]?.line ?? 0,
      });
  }

  async function end(given: Parsed, line: number): Promise<void> {
    const parsed = exportEnd.safeParse(given);
    if (!parsed.success) throw new FaultError({ line, what: "the last line was edited" });
    const { checkpoints, records, leaves, announcement, ...said } = parsed.data;
    const difference = compareLeaves(leaves, group);
    if (difference) throw new FaultError({ line, ...difference });
    const hash = last && hashOfCheckpoint(last);
    if (said.first !== first || said.last !== hash || checkpoints !== sums.checkpoints || records !== sums.records) {
      const where = last ? { checkpoint: { sequence: last.sequence, range: last.range } } : {};
      throw new FaultError({
        line,
        ...where,
        what: `the export has ${sums.checkpoints} checkpoints and ${sums.records} records, and its last line speaks of ${checkpoints} and ${records}: something was taken out or put in`,
      });
    }
    if (announcement && !(await isAnnouncement(announcement)))
      throw new FaultError({ line, what: "what says that retention removed records was edited" });
    announcedThrough = Math.max(announcedThrough, announcement?.removedThrough ?? -1);
    if (removedThrough > announcedThrough)
      throw new FaultError({
        line,
        what: `the records of checkpoint ${removedThrough} are missing, and no checkpoint says that retention removed them`,
      });
    sums.unsealed = group.length;
    isEnded = true;
  }

  return {
    async add(text: string, line: number): Promise<void> {
      if (isEnded) throw new FaultError({ line, what: "something follows the last line of the export" });
      const given = parseLine(text, line);
      if (given.type === "record") return addRecord(given, line);
      if (given.type === "checkpoint") return addCheckpoint(given, line);
      if (given.type === "end") return end(given, line);
      throw new FaultError({ line, what: "this line is neither a record nor a checkpoint: it was edited" });
    },
    finish(line: number): Verified {
      if (!isEnded)
        throw new FaultError({
          line,
          ...(last ? { checkpoint: { sequence: last.sequence, range: last.range } } : {}),
          what: "the export was cut off: it has no last line",
        });
      return {
        ...sums,
        ...(removedUntil === undefined ? {} : { removedUntil }),
        ...(last && from !== undefined ? { range: { from, to: last.range.to } } : {}),
        gaps: { count: gapCount, first: gaps },
      };
    },
  };
}

/**
 * Verifies an export line by line, with the memory of one checkpoint: that each checkpoint is signed and follows the one before it, that the
 * records are those that were sealed, none edited, deleted, inserted or moved, and that nothing was cut off. What no checkpoint has yet
 * is compared with the last line, which is not signed. Never throws for what an export can be: the first fault is answered.
 */
export async function verifyExport(lines: AsyncIterable<string>, options: VerifyOptions): Promise<Verification> {
  const verifier = createVerifier(options);
  let line = 0;
  try {
    for await (const text of lines) {
      line += 1;
      await verifier.add(text, line);
    }
    return { holds: true, ...verifier.finish(line) };
  } catch (error) {
    if (error instanceof FaultError) return { holds: false, fault: error.fault };
    throw error;
  }
}
