import type { ChangeEntry } from "@cadastre/contract/changes";
import type { Stored } from "@cadastre/store/table";
import { type Context, inOrganization, toOrganization } from "../context.ts";
import { type Consumer, DeadLetterItem, placeOfLetter } from "./consumer.ts";
import { FeedItem, placeOfFeedKey } from "./items.ts";
import { type Patience, type Refusal, replayLetter, setAside, tell, toTold } from "./tell.ts";
import { toGroups } from "./to-groups.ts";

/** Records that are read, told and counted as done together. */
const AT_ONCE = 25;

export interface StreamOptions {
  readonly patience: Patience;
  /** Is told what was set aside, and why. */
  readonly report: (of: Refusal & { readonly consumer: string; readonly change: string }) => void;
}

export interface StreamRun {
  handled: number;
  setAside: number;
}

/** An item of the table that was made or changed, as a stream names it. */
export interface StreamRecord {
  /** Of the record, in the stream. */
  readonly id: string;
  readonly event: "made" | "changed";
  readonly pk: string;
  readonly sk: string;
}

/** Why each change of a group was not taken, in its order; undefined for what was. */
async function tellGroup(
  context: Context,
  consumer: Consumer,
  changes: readonly ChangeEntry[],
  patience: Patience,
): Promise<(Refusal | undefined)[]> {
  if (consumer.together && changes.length > 1) {
    try {
      await consumer.together.handle(changes);
      return [];
    } catch {
      // Which of them it was that could not be taken shows when each is told by itself.
    }
  }
  const refusals = [];
  for (const change of changes) refusals.push(await tell(context, consumer, change, patience));
  return refusals;
}

/**
 * Tells consumers of changes in the order in which a stream hands them over: what one does not take after a few attempts is set
 * aside for it, so that nobody is held up. For a runtime that has the stream's own checkpoints and retries: when the table
 * cannot be read or written it throws, and all of it is told again. Writes dead letters.
 */
export async function handleChanges(
  context: Context,
  consumers: readonly Consumer[],
  items: readonly Stored<FeedItem>[],
  { patience, report }: StreamOptions,
): Promise<StreamRun> {
  const run: StreamRun = { handled: 0, setAside: 0 };
  for (const consumer of consumers) {
    for (const group of toGroups(items, consumer.together?.most ?? 1)) {
      const changes = await toTold(context, group);
      const refusals = await tellGroup(context, consumer, changes, patience);
      for (const [at, item] of group.entries()) {
        const refusal = refusals[at];
        if (refusal === undefined) {
          run.handled++;
          continue;
        }
        await context.table.commit([setAside(context, consumer, item, refusal)]);
        report({ ...refusal, consumer: consumer.name, change: changes[at]?.id ?? "" });
        run.setAside++;
      }
    }
  }
  return run;
}

/** Has letters told again, each once, that are set to it. Those of consumers that do not run here are left to where they run. */
async function replayLetters(
  context: Context,
  consumers: readonly Consumer[],
  records: readonly StreamRecord[],
  { patience }: StreamOptions,
): Promise<number> {
  const asked = new Map(records.map((record) => [`${record.pk}\n${record.sk}`, record]));
  const keys = [...asked.values()].flatMap((record) => placeOfLetter(record) ?? []);
  const letters = await context.table.getMany(DeadLetterItem, keys, { consistent: true });
  let taken = 0;
  for (const letter of letters) {
    const consumer = consumers.find(({ name }) => name === letter?.consumer);
    if (letter?.state !== "replaying" || !consumer) continue;
    if (await replayLetter(context, consumer, letter, patience)) taken++;
  }
  return taken;
}

/**
 * Does what the records of a stream ask for, in the organization of each: tells of changes that were made, and has dead letters told again
 * that were set to it. Records have keys alone; items are read as they are now, by consistent reads. Stops where the table could not be
 * read or written: `failed` names the first record that is to be handed over again, all before it are done. Writes dead letters.
 */
export async function handleRecords(
  context: Context,
  consumers: readonly Consumer[],
  records: readonly StreamRecord[],
  options: StreamOptions,
): Promise<StreamRun & { failed?: { readonly id: string; readonly error: unknown } }> {
  const run: StreamRun = { handled: 0, setAside: 0 };
  for (let at = 0; at < records.length; at += AT_ONCE) {
    const some = records.slice(at, at + AT_ONCE).map((record) => ({ ...record, ...toOrganization(record.pk) }));
    try {
      for (const [organization, own] of Map.groupBy(some, (record) => record.organization)) {
        await handleOwn(inOrganization(context, organization), consumers, own, options, run);
      }
    } catch (error) {
      return { ...run, failed: { id: some[0]?.id ?? "", error } };
    }
  }
  return run;
}

/** The same of records of one organization, whose keys are those of its own space. */
async function handleOwn(
  context: Context,
  consumers: readonly Consumer[],
  records: readonly StreamRecord[],
  options: StreamOptions,
  run: StreamRun,
): Promise<void> {
  const places = records.flatMap((record) => (record.event === "made" ? (placeOfFeedKey(record) ?? []) : []));
  const items = await context.table.getMany(FeedItem, places, { consistent: true });
  const made = items.filter((item) => item !== undefined);
  const told = await handleChanges(context, consumers, made, options);
  run.handled += told.handled + (await replayLetters(context, consumers, records, options));
  run.setAside += told.setAside;
}
