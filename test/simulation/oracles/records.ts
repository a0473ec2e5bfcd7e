import type { AuditRecord } from "@cadastre/contract/audit/record";
import type { Asked, Facts } from "../facts.ts";
import type { Delivery } from "../network.ts";

/** How many records an answered change leaves. Revoking what is revoked, and approving what is under way, change nothing. */
const RECORDS: Readonly<Record<string, readonly [number, number]>> = {
  annotate: [1, 1],
  approve: [0, 1],
  reject: [1, 1],
  forget: [1, 1],
  "account-create": [1, 1],
  "account-patch": [1, 1],
  "account-delete": [1, 1],
  "token-create": [1, 1],
  "token-revoke": [0, 1],
  "credential-create": [1, 1],
  "credential-reveal": [1, 1],
  "credential-revoke": [0, 1],
  "collector-register": [1, 1],
  "collector-approve": [1, 1],
  "collector-revoke": [1, 1],
  trigger: [1, 1],
  "job-cancel": [0, 1],
  "letter-replay": [1, 1],
  "letter-drop": [1, 1],
};

type ByRequest = ReadonlyMap<string, readonly AuditRecord[]>;

/** An ask and all its deliveries; under one Idempotency-Key several asks are one. */
function asksOf({ asked, deliveries }: Facts): { ask: Asked; of: Delivery[] }[] {
  const groups = Map.groupBy(asked, ({ name, about }) => (about.key as string | undefined) ?? name);
  return [...groups.values()].map((asks) => {
    const names = new Set(asks.map(({ name }) => name));
    return { ask: asks[0] as Asked, of: deliveries.filter((one) => one.asked !== undefined && names.has(one.asked)) };
  });
}

const isUnknown = ({ status }: Delivery) => status === undefined || status >= 500;
const isDone = ({ status }: Delivery) => status !== undefined && status < 300;

/** Sent again, or answered late, what was created may be answered as what is not there: it was deleted since. */
function isDeleted({ kind, about }: Asked, { status }: Delivery, audit: readonly AuditRecord[]): boolean {
  if (kind !== "account-create" || status !== 404) return false;
  return audit.some(
    ({ action, resource }) => action === "account.delete" && resource.id.endsWith(`/${String(about.account)}`),
  );
}

/** Each change that was answered has exactly its record, each that was refused none, each of which nobody knows at most its one. */
function recordedOnce(facts: Facts, records: ByRequest): string[] {
  return asksOf(facts).flatMap(({ ask, of }) => {
    const bounds = RECORDS[ask.kind];
    if (bounds === undefined || of.length === 0) return [];
    const found = of
      .flatMap(({ requestId }) => records.get(requestId) ?? [])
      .filter(({ outcome }) => outcome === "done");
    const isKeyed = ask.about.key !== undefined;
    const done = of.filter((one) => isDone(one) || isDeleted(ask, one, facts.audit)).length;
    const times = isKeyed ? Math.min(done, 1) : done;
    const unknown = isKeyed ? (done > 0 ? 0 : Math.min(1, of.filter(isUnknown).length)) : of.filter(isUnknown).length;
    const [least, most] = [bounds[0] * times, bounds[1] * (times + unknown)];
    if (found.length >= least && found.length <= most) return [];
    const statuses = of.map(({ status }) => status ?? "none").join();
    return [`${ask.kind} ${JSON.stringify(ask.about)}, answered ${statuses}, left ${found.length} records`];
  });
}

const count = (records: readonly AuditRecord[], action: string, target: string) =>
  records.filter((one) => one.action === action && one.resource.id === target && one.outcome === "done").length;

function differ(what: string, records: number, effects: number): string[] {
  return records === effects ? [] : [`${what}: ${records} records, ${effects} effects`];
}

/** What the records say was done is there, and what is there was recorded. */
function effectsAreThere(facts: Facts): string[] {
  const { audit, resources, histories, tokens, credentials, collectors, holds, accounts } = facts;
  const known = (action: string) =>
    audit.filter((one) => one.action === action && one.outcome === "done").map(({ resource }) => resource.id);
  const made = (action: string, ids: readonly string[]) => {
    const recorded = new Set(known(action));
    return [
      ...ids.filter((id) => !recorded.has(id)).map((id) => `${id} is there without a record of ${action}`),
      ...[...recorded].filter((id) => !ids.includes(id)).map((id) => `${id} is not there, but ${action} was recorded`),
    ];
  };
  return [
    ...made(
      "token.create",
      tokens.map(({ id }) => id),
    ),
    ...made(
      "credential.create",
      credentials.map(({ id }) => id),
    ),
    ...made(
      "collector.register",
      collectors.map(({ id }) => id),
    ),
    ...resources.flatMap(({ id }) => {
      const events = (histories.get(id) ?? []).filter(({ type }) => type === "annotated").length;
      return differ(`annotations of ${id}`, count(audit, "resource.annotate", id), events);
    }),
    ...tokens.flatMap(({ id, revokedAt }) =>
      differ(`revocation of ${id}`, count(audit, "token.revoke", id), revokedAt === undefined ? 0 : 1),
    ),
    ...credentials.flatMap(({ id, revokedAt }) =>
      differ(`revocation of ${id}`, count(audit, "credential.revoke", id), revokedAt === undefined ? 0 : 1),
    ),
    ...collectors.flatMap(({ id, state }) => [
      ...differ(`revocation of ${id}`, count(audit, "collector.revoke", id), state === "revoked" ? 1 : 0),
      ...(count(audit, "collector.approve", id) > 1 ? [`${id} was approved twice`] : []),
    ]),
    ...holds.flatMap(({ id, state }) => [
      ...differ(`rejection of ${id}`, count(audit, "hold.reject", id), state === "rejected" ? 1 : 0),
      ...(count(audit, "hold.approve", id) > 0 !== (state === "approved")
        ? [`${id} is ${state}, not as recorded`]
        : []),
    ]),
    ...audit
      .filter(({ action, outcome }) => action === "scope.forget" && outcome === "done")
      .filter(({ detail }) => !facts.jobs.some(({ id }) => id === detail.job))
      .map(({ resource }) => `scope.forget of ${resource.id} was recorded, and there is no job of it`),
    ...accounts.flatMap(({ provider, account }) => {
      const target = `${provider}/${account}`;
      const noted = audit.filter(
        ({ action, detail }) => action === "account.noted" && (detail.accounts as string[]).includes(target),
      ).length;
      const created = count(audit, "account.create", target) + noted;
      return created - count(audit, "account.delete", target) >= 1 ? [] : [`${target} is there without a record`];
    }),
  ];
}

/** Every run that changed something has its records, and every record was asked for by somebody. */
function nothingUnasked({ audit, histories, deliveries, requests }: Facts): string[] {
  const own: ReadonlySet<string> = new Set(deliveries.map(({ requestId }) => requestId));
  const opened = new Set(
    audit.filter(({ action }) => action.startsWith("discovery.")).map(({ resource }) => resource.id),
  );
  const runs = new Set([...histories.values()].flat().flatMap(({ run }) => (run?.startsWith("run_") ? [run] : [])));
  return [
    ...[...runs].filter((run) => !opened.has(run)).map((run) => `${run} changed something and is in no record`),
    ...audit
      .filter(
        ({ requestId, actor: { type } }) =>
          type !== "system" && requestId.startsWith("sim-") && !(type === "unknown" ? requests : own).has(requestId),
      )
      .map(({ action, resource }) => `${action} ${resource.id} is recorded, and nobody asked for it`),
  ];
}

export function judgeRecords(facts: Facts): string[] {
  const records: ByRequest = Map.groupBy(facts.audit, ({ requestId }) => requestId);
  const twice = [...Map.groupBy(facts.audit, ({ id }) => id)].filter(([, all]) => all.length > 1);
  return [
    ...recordedOnce(facts, records),
    ...effectsAreThere(facts),
    ...nothingUnasked(facts),
    ...twice.map(([id]) => `${id} is in the audit log twice`),
  ];
}
