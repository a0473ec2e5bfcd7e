import { ProblemError } from "@cadastre/contract/errors";
import { prefixKey } from "@cadastre/net/key";
import { parsePrefix } from "@cadastre/net/prefix";
import type { Context } from "../../context.ts";
import { brokenBy, namesAtStake, type TagUse } from "./broken.ts";
import type { TagDefinitions } from "./definitions.ts";
import { readUsesWithin } from "./read-use.ts";

type Tags = Readonly<Record<string, string>>;

const ownValue = (tags: Tags, name: string): string | undefined => (Object.hasOwn(tags, name) ? tags[name] : undefined);

/**
 * The tags whose use below a prefix says whether it can have other tags of its own; none where nothing that is below can be made wrong by it, which is
 * so unless a tag that changes implies others. Pure.
 */
export function namesBelow(definitions: TagDefinitions, before: Tags, after: Tags): Set<string> {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => ownValue(before, name) !== ownValue(after, name));
  return namesAtStake(definitions, definitions, changed);
}

interface Changing {
  readonly space: string;
  readonly id: string;
  readonly prefix: string;
  /** Its own, as they are to be. */
  readonly tags: Tags;
}

/**
 * That nothing inside a prefix is wrong when the prefix has these tags of its own. `names` are those of `namesBelow`, `above` is what contains it, with
 * own tags. Reads, strongly, the uses of these tags inside it: nothing where there are no names. Throws 422 `request.invalid` that names the first ones
 * that would be wrong, 409 `tag.too_much_in_use`.
 */
export async function requireTagsBelow(
  context: Pick<Context, "table">,
  definitions: TagDefinitions,
  names: ReadonlySet<string>,
  { space, id, prefix, tags }: Changing,
  above: readonly { readonly id: string; readonly prefix: string; readonly tags: Tags }[],
): Promise<void> {
  if (names.size === 0) return;
  const at = parsePrefix(prefix);
  const inside = await readUsesWithin(context, space, names, at);
  const besides = [{ id, prefix, tags }, ...above].flatMap((one): TagUse[] =>
    Object.entries(one.tags)
      .filter(([name]) => names.has(name))
      .map(([tag, value]) => ({ tag, value, at: prefixKey(parsePrefix(one.prefix)), ip: one.id })),
  );
  const broken = brokenBy(definitions, [...inside.filter(({ ip }) => ip !== id), ...besides]);
  const [first] = broken;
  if (first === undefined) return;
  const errors = broken.slice(0, 10).map((one) => ({ path: one.path, message: `${one.prefix}: ${one.message}` }));
  throw new ProblemError("request.invalid", `${first.path}: ${first.prefix}: ${first.message}`, { errors });
}
