import {
  type BrokenIp,
  type ChangedTag,
  MOST_BROKEN_SHOWN,
  type NewTag,
  type Tag,
  type TagReplacement,
  tag,
} from "@cadastre/contract/addresses/tag";
import { didYouMean } from "@cadastre/contract/did-you-mean";
import { ProblemError } from "@cadastre/contract/errors";
import { fromPrefixKey } from "@cadastre/net/key";
import { formatPrefix } from "@cadastre/net/prefix";
import { create, remove, replace, type Stored } from "@cadastre/store/table";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import { changesBetween } from "../../changes.ts";
import type { Actor, Context } from "../../context.ts";
import { whileHalted } from "../spaces/gate.ts";
import { requireSpace } from "../spaces/read.ts";
import { settle } from "../tree/pending.ts";
import { brokenBy, namesAtStake, type TagUse } from "./broken.ts";
import { checkDefinition, withDefinition } from "./check-definition.ts";
import { readTagDefinitions } from "./definitions.ts";
import { AddressTagItem } from "./items.ts";
import { findUses, readUses } from "./read-use.ts";

/** Tags of one space, and what their definitions have as JSON in all: each commit that tags something reads all of them. */
const MOST_TAGS = 200;
const MOST_BYTES = 262_144;

type Definitions = ReadonlyMap<string, Stored<AddressTagItem>>;

const toView = (stored: Stored<AddressTagItem>): Tag => tag.parse(stored);

const targetOf = (space: string, name: string): string => `${space}/${name}`;

const saidOf = ({ type, knownValues, attributes, implies }: NewTag) => ({ type, knownValues, attributes, implies });

/** A tag among those of its space. Throws 404 `tag.not_found` with the one that was probably meant. */
function requireTag(definitions: Definitions, name: string): Stored<AddressTagItem> {
  const stored = definitions.get(name);
  if (stored) return stored;
  const meant = didYouMean(name, [...definitions.keys()]);
  throw new ProblemError("tag.not_found", meant === undefined ? undefined : `there is none; did you mean ${meant}?`);
}

const sizeOf = (definition: object): number => Buffer.byteLength(JSON.stringify(definition));

function requireRoom(definitions: Definitions, next: NewTag): void {
  const others = [...definitions.values()].filter(({ name }) => name !== next.name);
  if (others.length >= MOST_TAGS) throw new ProblemError("tag.too_many", `it has ${others.length} of them`);
  const size = others.reduce((sum, other) => sum + sizeOf({ name: other.name, ...saidOf(other) }), sizeOf(next));
  if (size > MOST_BYTES)
    throw new ProblemError("tag.too_many", `their definitions would have ${size} bytes as JSON, of ${MOST_BYTES}`);
}

function requireFit(definitions: Definitions, next: NewTag): void {
  requireRoom(definitions, next);
  const errors = checkDefinition(definitions, next);
  const [first] = errors;
  if (first) throw new ProblemError("tag.invalid", `${first.path}: ${first.message}`, { errors });
}

/**
 * Defines a tag of a space. Throws 404 `space.not_found`, 409 `space.deleting`, `space.changing`, `tag.exists`, `tag.too_many`, 422 `tag.invalid`.
 * Writes it, the space's gate, and one audit record.
 */
export async function createTag(context: Context, actor: Actor, space: string, input: NewTag): Promise<Tag> {
  await whileHalted(context, space, async ({ turn }) => {
    const definitions = await readTagDefinitions(context, space);
    if (definitions.has(input.name)) throw new ProblemError("tag.exists");
    requireFit(definitions, input);
    const at = context.now().toISOString();
    const item = { ...input, space, createdOn: at, modifiedOn: at };
    const changes = changesBetween(undefined, input);
    const entry = { action: "space-tag.create", target: targetOf(space, input.name), changes } as const;
    await commitRecorded(context, actor, [...turn, create(AddressTagItem, item)], entry);
  });
  return getTag(context, space, input.name);
}

/** One tag. Throws 404 `space.not_found`, `tag.not_found`. */
export async function getTag(context: Context, space: string, name: string): Promise<Tag> {
  await requireSpace(context, space);
  const stored = await context.table.get(AddressTagItem, { space, name }, { consistent: true });
  return toView(stored ?? requireTag(await readTagDefinitions(context, space), name));
}

const toInvalid = ({ ip, at, tag: name, value }: TagUse): BrokenIp => ({
  id: ip,
  prefix: formatPrefix(fromPrefixKey(at)),
  path: `tags.${name}`,
  message: `it has ${name}=${value}`,
});

/**
 * The prefixes that would be wrong with another definition of a tag: one more than are shown at the most, of those with values that it does not have any
 * more; and where tags imply otherwise, all. Throws 409 `tag.too_much_in_use`.
 */
async function findBroken(context: Context, space: string, definitions: Definitions, next: NewTag) {
  const stored = requireTag(definitions, next.name);
  const isNarrower = next.knownValues.length > 0;
  const left = isNarrower
    ? await findUses(context, { space, tag: next.name, except: next.knownValues }, MOST_BROKEN_SHOWN + 1)
    : [];
  if (left.length > 0) return left.map(toInvalid);
  const isOther = changesBetween([stored.type, stored.implies], [next.type, next.implies]).length > 0;
  const after = withDefinition(definitions, next);
  const names = isOther ? namesAtStake(definitions, after, [next.name]) : [];
  return brokenBy(after, await readUses(context, space, names));
}

const shownOf = (broken: readonly BrokenIp[]) => ({
  breaks: broken.slice(0, MOST_BROKEN_SHOWN),
  ...(broken.length > MOST_BROKEN_SHOWN ? { breaksMore: true as const } : {}),
});

function toNext(stored: Stored<AddressTagItem>, input: TagReplacement): NewTag {
  const { name, ...said } = input;
  if (name !== undefined && name !== stored.name)
    throw new ProblemError("request.invalid", "name: a tag keeps its name", {
      errors: [{ path: "name", message: "a tag keeps its name" }],
    });
  return { ...said, name: stored.name };
}

interface Seen {
  readonly version?: number | undefined;
}

function requireSeen({ version }: Seen, stored: Stored<AddressTagItem>): void {
  if (version !== undefined && version !== stored.version) throw new ProblemError("request.precondition_failed");
}

/** What a change of a tag would do: the tag as it would be, and the prefixes that would be wrong. Writes nothing; throws what `replaceTag` throws otherwise. */
export async function previewTag(
  context: Context,
  space: string,
  name: string,
  input: TagReplacement,
  seen: Seen = {},
): Promise<ChangedTag> {
  await requireSpace(context, space);
  const definitions = await readTagDefinitions(context, space);
  const stored = requireTag(definitions, name);
  requireSeen(seen, stored);
  const next = toNext(stored, input);
  requireFit(definitions, next);
  await settle(context, space);
  return { ...toView({ ...stored, ...next }), ...shownOf(await findBroken(context, space, definitions, next)) };
}

/**
 * Replaces a tag's definition; what changes nothing writes nothing. Nobody puts anything into the space meanwhile, so that no prefix is left with what
 * was right before. Throws what `createTag` throws, 404 `tag.not_found`, 412 `request.precondition_failed`, 409 `tag.breaks_values` with the prefixes
 * (`breaks`) that would be wrong, `tag.too_much_in_use`. Writes it, the space's gate, and one audit record.
 */
export async function replaceTag(
  context: Context,
  actor: Actor,
  space: string,
  name: string,
  input: TagReplacement,
  seen: Seen = {},
): Promise<ChangedTag> {
  await whileHalted(context, space, async ({ turn }) => {
    const definitions = await readTagDefinitions(context, space);
    const stored = requireTag(definitions, name);
    requireSeen(seen, stored);
    const next = toNext(stored, input);
    const changes = changesBetween(saidOf(stored), saidOf(next));
    if (changes.length === 0) return;
    requireFit(definitions, next);
    await settle(context, space);
    const broken = await findBroken(context, space, definitions, next);
    const [first] = broken;
    if (first)
      throw new ProblemError("tag.breaks_values", `${first.prefix}: ${first.message}`, { extra: shownOf(broken) });
    const { version, ...item } = stored;
    const modifiedOn = context.now().toISOString();
    const write = replace(AddressTagItem, { ...item, ...next, modifiedOn }, version);
    const entry = { action: "space-tag.replace", target: targetOf(space, name), changes } as const;
    await commitRecorded(context, actor, [...turn, write], entry);
  });
  return getTag(context, space, name);
}

/**
 * Removes a tag's definition. Throws 404 `space.not_found`, `tag.not_found`, 409 `space.deleting`, `space.changing`, 412
 * `request.precondition_failed`, 400 `tag.in_use` with `ips` that have it and `tags` that imply it. Writes its removal, the space's gate, and one audit
 * record.
 */
export async function deleteTag(
  context: Context,
  actor: Actor,
  space: string,
  name: string,
  seen: Seen = {},
): Promise<void> {
  await whileHalted(context, space, async ({ turn }) => {
    const definitions = await readTagDefinitions(context, space);
    const stored = requireTag(definitions, name);
    requireSeen(seen, stored);
    const tags = [...definitions.values()].filter(({ implies }) => Object.hasOwn(implies, name)).map((one) => one.name);
    await settle(context, space);
    const uses = await findUses(context, { space, tag: name }, MOST_BROKEN_SHOWN + 1);
    if (tags.length + uses.length > 0) throw inUse(tags, uses);
    const write = remove(AddressTagItem, { space, name }, stored.version);
    const detail = saidOf(stored);
    await commitRecorded(context, actor, [...turn, write], {
      action: "space-tag.delete",
      target: targetOf(space, name),
      detail,
    });
  });
}

function inUse(tags: readonly string[], uses: readonly TagUse[]): ProblemError {
  const ips = uses
    .slice(0, MOST_BROKEN_SHOWN)
    .map(({ ip: id, at, value }) => ({ id, prefix: formatPrefix(fromPrefixKey(at)), value }));
  const [first] = ips;
  const implied = tags.length > 0 ? [`${tags.slice(0, 10).join(", ")} implies it`] : [];
  const where = [...(first ? [`${first.prefix} has it`] : []), ...implied].join("; ");
  const more = uses.length > ips.length ? { ipsMore: true } : {};
  return new ProblemError("tag.in_use", where, { extra: { ips, ...more, tags } });
}
