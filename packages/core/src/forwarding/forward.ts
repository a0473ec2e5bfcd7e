import type { AuditRecord } from "@cadastre/contract/audit/record";
import { newId } from "@cadastre/contract/ids";
import { ConflictError } from "@cadastre/store/errors";
import { create, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import { fromStored } from "../audit/items.ts";
import { readRecords } from "../audit/log.ts";
import { createOpenRecord } from "../audit/personal.ts";
import { type Context, inOrganization } from "../context.ts";
import { organizationIds } from "../directory/organizations.ts";
import { inParallel } from "../in-parallel.ts";
import { readHead } from "../seals/checkpoints.ts";
import type { SealHeadItem } from "../seals/items.ts";
import { decideFailure } from "./decide.ts";
import {
  FORWARDERS_PARTITION,
  ForwarderItem,
  ForwarderLetterItem,
  ForwarderSecretItem,
  ForwardingItem,
  lettersPartition,
} from "./items.ts";
import { type Deliver, DeliveryError } from "./ports.ts";
import { readSealedFrom } from "./sealed-records.ts";

/** Records that are sent at once. */
const MOST_RECORDS = 100;
/** Longer than any delivery may take: who is dead by then sends nothing more. */
const LEASE_MILLISECONDS = 60_000;
/** Forwarders that send at the same time: those that wait for dead receivers leave room for others. */
const AT_ONCE = 16;

export interface ForwardOptions {
  readonly deliver: Deliver;
  /** Asked before each delivery. */
  readonly isOver: () => boolean;
  readonly report: (event: {
    readonly forwarder: string;
    readonly organization: string;
    readonly error: unknown;
  }) => void;
}

/** What is to be sent next, and the writes of its having been taken. */
interface Work {
  readonly id: string;
  /** Nothing is to be sent: it is done as if it were taken. */
  readonly isSilent: boolean;
  readonly records: readonly AuditRecord[];
  readonly taken: Partial<ForwardingItem>;
  readonly writes: readonly Write[];
  /** What became of the attempt that failed, where it is no matter of the log's own order. */
  readonly failed?: (error: DeliveryError) => Partial<ForwardingItem>;
}

type State = Stored<ForwardingItem>;

/** The oldest record that was set aside. */
async function nextLetter({ table }: Context, state: State): Promise<Work | undefined> {
  const query = { partition: lettersPartition(state.id), limit: 1, consistent: true };
  const [letter] = (await table.query(ForwarderLetterItem, query)).items;
  if (!letter) return undefined;
  const [stored] = await readRecords(table, [{ id: letter.record, at: letter.at }]);
  const record = stored && fromStored(stored);
  const { deadLetters, delivered } = state;
  return {
    id: letter.record,
    isSilent: record === undefined,
    records: record ? [record] : [],
    taken: { deadLetters: Math.max(0, deadLetters - 1), delivered: delivered + (record ? 1 : 0) },
    writes: [remove(ForwarderLetterItem, letter, letter.version)],
    failed: () => ({ isReplaying: false }),
  };
}

/** What is due for a forwarder: a test, what was set aside and is asked for, or what comes next in the sealed log. */
async function nextWork(context: Context, state: State, head: SealHeadItem | undefined): Promise<Work | undefined> {
  const { test, isReplaying, retryAt, next, isSingle, delivered } = state;
  const now = context.now().toISOString();
  if (test && test.doneAt === undefined) {
    const { askedAt } = test;
    return {
      id: `test_${Date.parse(askedAt)}`,
      isSilent: false,
      records: [],
      taken: { test: { askedAt, doneAt: now } },
      writes: [],
      failed: ({ fault, status }) => ({
        test: { askedAt, doneAt: now, fault, ...(status === undefined ? {} : { status }) },
      }),
    };
  }
  if (isReplaying) {
    const over: Work = { id: "", isSilent: true, records: [], taken: { isReplaying: false }, writes: [] };
    return (await nextLetter(context, state)) ?? over;
  }
  if (!head || next.sequence > head.sequence || (retryAt !== undefined && retryAt > now)) return undefined;
  const found = await readSealedFrom(context, head, { from: next, most: isSingle ? 1 : MOST_RECORDS });
  const { records } = found;
  return {
    id: `${records[0]?.id}.${records.length}`,
    isSilent: records.length === 0,
    records,
    taken: {
      next: found.next,
      delivered: delivered + records.length,
      ...(found.until === undefined ? {} : { until: found.until }),
      // What was refused is behind it.
      ...(records.length > 0 ? { isSingle: false } : {}),
    },
    writes: [],
  };
}

/** The records as the forwarder may show them. */
async function shownTo(context: Context, { personal }: ForwarderItem, records: readonly AuditRecord[]) {
  if (personal === "ids") return records.map(({ personal: _, ...record }) => record);
  const open = createOpenRecord(context.table);
  return Promise.all(records.map(open));
}

async function secretsOf({ table, now }: Context, id: string): Promise<string[]> {
  const stored = await table.get(ForwarderSecretItem, { id }, { consistent: true });
  const old = stored?.old && stored.old.until > now().toISOString() ? [stored.old.secret] : [];
  return stored ? [stored.secret, ...old] : [];
}

/** The state after an attempt that failed in the log's own order, with what is set aside. */
function afterFailure(context: Context, state: ForwardingItem, work: Work, error: DeliveryError) {
  const { records } = work;
  const now = context.now();
  const { act, failing, retryAt } = decideFailure(state.failing, error, { now, records: records.length });
  const { failing: _, retryAt: __, ...rest } = state;
  if (act !== "aside")
    return { state: { ...rest, failing, retryAt, isSingle: state.isSingle || act === "single" }, writes: [] };
  const [record] = records as [AuditRecord];
  const { fault, status, count } = failing;
  const letter = {
    id: state.id,
    record: record.id,
    at: record.at,
    failedAt: now.toISOString(),
    attempts: count,
    fault,
  };
  const { delivered: ___, ...passed } = work.taken;
  return {
    state: { ...rest, ...passed, deadLetters: state.deadLetters + 1, isSingle: true },
    writes: [create(ForwarderLetterItem, { ...letter, ...(status === undefined ? {} : { status }) })],
  };
}

/** Sends what is next, if anything is. Answers whether to go on. */
async function forwardSome(context: Context, id: string, holder: string, deliver: Deliver): Promise<boolean> {
  const { table, now } = context;
  const [forwarder, stored, head] = await Promise.all([
    table.get(ForwarderItem, { id }, { consistent: true }),
    table.get(ForwardingItem, { id }, { consistent: true }),
    readHead(context),
  ]);
  if (!forwarder || !stored || forwarder.paused) return false;
  const { version, lease, ...state } = stored;
  if (lease && lease.holder !== holder && lease.until > now().toISOString()) return false;
  const work = await nextWork(context, stored, head);
  if (!work) return false;
  if (work.isSilent) {
    await table.commit([replace(ForwardingItem, { ...state, ...work.taken }, version), ...work.writes]);
    return true;
  }
  const until = new Date(now().getTime() + LEASE_MILLISECONDS).toISOString();
  await table.commit([replace(ForwardingItem, { ...state, lease: { holder, until } }, version)]);
  // Of this very commit: whoever asks for something meanwhile is not overwritten.
  const taken = await table.get(ForwardingItem, { id }, { consistent: true });
  if (taken?.lease?.holder !== holder) return false;
  const { version: at, lease: _, ...own } = taken;
  const end = (next: ForwardingItem, writes: readonly Write[]) =>
    table.commit([replace(ForwardingItem, next, at), ...writes]);
  try {
    const [records, secrets] = await Promise.all([shownTo(context, forwarder, work.records), secretsOf(context, id)]);
    await deliver({ id: work.id, forwarder, secrets, records, at: now() });
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    if (work.failed) await end({ ...own, ...work.failed(error) }, []);
    else {
      const after = afterFailure(context, own, work, error);
      await end(after.state, after.writes);
    }
    return true;
  }
  const { failing: __, retryAt: ___, ...well } = own;
  await end({ ...well, ...work.taken }, work.writes);
  return true;
}

/**
 * Sends the sealed audit log of each organization to where it wants it sent: at least once, in the order in which it was sealed, up to where
 * nothing is left, all is to be tried later, or `isOver` says so. Each forwarder has a place and a lease of its own, so that none waits for another;
 * two processes at once: one of them has the lease. What fails otherwise is reported. Writes how far they are, and what was refused.
 */
export async function forwardAudit(context: Context, { deliver, isOver, report }: ForwardOptions): Promise<void> {
  const holder = newId("request", context.now());
  const all = await inParallel(await organizationIds(context), AT_ONCE, async (organization) => {
    const own = inOrganization(context, organization);
    const { items } = await own.table.query(ForwarderItem, { partition: FORWARDERS_PARTITION, consistent: true });
    return items.map(({ id }) => ({ own, organization, id }));
  });
  await inParallel(all.flat(), AT_ONCE, async ({ own, organization, id }) => {
    try {
      while (!isOver() && (await forwardSome(own, id, holder, deliver)));
    } catch (error) {
      // Somebody else was faster: it goes on there, or with the next look.
      if (!(error instanceof ConflictError)) report({ forwarder: id, organization, error });
    }
  });
}
