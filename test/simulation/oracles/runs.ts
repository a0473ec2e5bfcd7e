import { gunzipSync } from "node:zlib";
import type { OpenRun, RunCompleted, RunOpened } from "@cadastre/contract/discovery";
import { type ScopeKey, scopeName } from "@cadastre/contract/scope";
import type { Facts, Look } from "../facts.ts";
import type { Delivery } from "../network.ts";
import type { Story } from "../story.ts";

const RUNS = "/api/v1/discovery/runs";

/** A run opened a scope, or tried to. */
export interface Opening {
  readonly look: Look;
  readonly place: number;
  readonly delivery: Delivery;
  /** Nothing when it was not answered, or refused. */
  readonly verdict: RunOpened["scopes"][number]["verdict"] | undefined;
}

/** A run's scope was completed, and this is the delivery that did it. */
export interface Settled {
  readonly look: Look;
  readonly place: number;
  readonly delivery: Delivery;
  /** How many of its losses stay. */
  readonly held: number;
}

function parseSent(body: unknown): OpenRun {
  const bytes = Buffer.from(body as Uint8Array);
  return JSON.parse((bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString()) as OpenRun;
}

export const isDone = ({ status }: Delivery) => status === 200;
/** Something may have come of it although nobody was told. */
const isUnknown = ({ status, code }: Delivery) => status === undefined || status >= 500 || code === "request.conflict";

/** Each is asked for by several oracles. */
function once<T>(find: (facts: Facts) => T): (facts: Facts) => T {
  const found = new WeakMap<Facts, { readonly of: T }>();
  return (facts) => {
    const known = found.get(facts) ?? { of: find(facts) };
    found.set(facts, known);
    return known.of;
  };
}

export const openingsOf = once(findOpenings);
export const settledOf = once(findSettled);

function findOpenings({ story, deliveries, looks }: Facts): readonly Opening[] {
  const places = new Map(story.scopes.map((scope, place) => [scopeName(scope), place]));
  return deliveries.flatMap((delivery) => {
    if (delivery.method !== "POST" || delivery.path !== RUNS || !(isDone(delivery) || isUnknown(delivery))) return [];
    const { run, scopes } = parseSent(delivery.body);
    const look = looks.get(run);
    const answer = isDone(delivery) ? (delivery.answer as RunOpened) : undefined;
    if (look === undefined) return [];
    return scopes.flatMap((scope, at) => {
      const place = places.get(scopeName(scope as ScopeKey));
      return place === undefined ? [] : [{ look, place, delivery, verdict: answer?.scopes[at]?.verdict }];
    });
  });
}

export const completionsOf = ({ deliveries }: Facts): ReadonlyMap<string, readonly Delivery[]> =>
  Map.groupBy(
    deliveries.filter((one) => one.path.endsWith("/complete") && (isDone(one) || isUnknown(one))),
    ({ path }) => path.slice(RUNS.length + 1, -"/complete".length),
  );

/** Completions that were answered and before which no other of the run can have come to something, in the order of their ends. */
function findSettled(facts: Facts): readonly Settled[] {
  const { story, looks } = facts;
  const places = new Map(story.scopes.map((scope, place) => [scopeName(scope), place]));
  const settled = [...completionsOf(facts)].flatMap(([run, [first]]) => {
    const look = looks.get(run);
    if (first === undefined || look === undefined || !isDone(first)) return [];
    return (first.answer as RunCompleted).scopes.flatMap((scope) => {
      const place = places.get(scopeName(scope));
      return place === undefined ? [] : [{ look, place, delivery: first, held: scope.held }];
    });
  });
  return settled.sort((a, b) => endOf(a.delivery) - endOf(b.delivery));
}

export const endOf = ({ endedAtStep }: Delivery) => endedAtStep ?? Number.POSITIVE_INFINITY;
export const nameOf = ({ scopes }: Story, place: number) => scopeName(scopes[place] as ScopeKey);
