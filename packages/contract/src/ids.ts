import { randomInt } from "node:crypto";
import { decodeTime, encodeTime, monotonicFactory, ulid } from "ulid";
import * as z from "zod";

/** Every id of ours is `<prefix>_<ULID>`; this table is the only place that names the prefixes. */
export const ID_PREFIXES = {
  run: "run",
  collector: "col",
  token: "tok",
  credential: "crd",
  audit: "aud",
  checkpoint: "chk",
  hold: "hld",
  trigger: "trg",
  request: "req",
  job: "job",
  session: "ses",
  factor: "fct",
  link: "lnk",
  organization: "org",
  user: "usr",
  serviceAccount: "sva",
  group: "grp",
  roleBinding: "rbd",
  policy: "pol",
  scimSource: "scs",
  forwarder: "fwd",
  identityProvider: "idp",
  identity: "idn",
  login: "lgn",
  clientLogin: "clg",
  trustRule: "trl",
  space: "spc",
  ip: "ip",
  range: "rng",
  vlan: "vln",
  vlanGroup: "vlg",
  allocationRequest: "alr",
  drift: "drf",
  savedFilter: "flt",
  addressImport: "imp",
  allocation: "alc",
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

const ULID = "[0-7][0-9A-HJKMNP-TV-Z]{25}";
// Its own way of being random asks the system for each character, which takes as long as all else that an id needs.
const random = () => randomInt(256) / 256;
const nextUlid = monotonicFactory(random);

/** A new id of a kind, sortable by `now` to the millisecond and unique. */
export function newId(kind: IdKind, now: Date): string {
  return `${ID_PREFIXES[kind]}_${nextUlid(now.getTime())}`;
}

let nextAt = monotonicFactory(random);
let lastAt = Number.NEGATIVE_INFINITY;

/**
 * The same with just this time in it, also when the clock of the process was set back: for what is found by the time of its id. Of one
 * millisecond they are in the order in which they were made.
 */
export function newIdAt(kind: IdKind, now: Date): string {
  const time = now.getTime();
  if (time < lastAt) nextAt = monotonicFactory(random);
  lastAt = time;
  const next = nextAt(time);
  return `${ID_PREFIXES[kind]}_${decodeTime(next) === time ? next : ulid(time, random)}`;
}

/** The time that an id has in it. */
export function timeOfId(id: string): Date {
  return new Date(decodeTime(id.slice(id.indexOf("_") + 1)));
}

/** No id of the kind that was made at the time or later sorts before this, and none that was made before sorts after it. */
export function firstIdAt(kind: IdKind, at: Date): string {
  return `${ID_PREFIXES[kind]}_${encodeTime(at.getTime(), 10)}${"0".repeat(16)}`;
}

/** Schema of one kind's ids. */
export function idSchema(kind: IdKind) {
  const prefix = ID_PREFIXES[kind];
  return z.string().regex(new RegExp(`^${prefix}_${ULID}$`), `an id like ${prefix}_01J…`);
}
