import { parsePrefix } from "@cadastre/net/prefix";
import type { Write } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { enterSpace, whileHalted } from "../spaces/gate.ts";
import { namesBelow, requireTagsBelow } from "../tags/below.ts";
import type { TagDefinitions } from "../tags/definitions.ts";
import { IpItem, spacePartition } from "./items.ts";
import { boundsWithin } from "./ranges.ts";
import { readAbove } from "./read-ips.ts";

/** More than writers of one window meet in one process: each time one of them is through. */
const ATTEMPTS = 12;

/** What is inside the prefix could be made wrong, so that nobody else may tag it meanwhile. */
class InsideError extends Error {}

/** A space in which a prefix gets tags of its own. */
interface Entered {
  /** Of the gate: they go into the commit. */
  readonly writes: readonly Write[];
  readonly isHalted: boolean;
}

/**
 * Makes or changes a prefix beside others who do so; and where its tags say something of what is inside it, once more, alone in the space: another one
 * may be giving a tag to that which contradicts, and neither would see what the other writes. Throws what `enterSpace` and `work` throw, 409
 * `request.conflict`.
 */
export async function taggingIn(
  context: Context,
  space: string,
  work: (entered: Entered) => Promise<void>,
): Promise<void> {
  try {
    await retryOnConflict(
      async () => {
        const { gate } = await enterSpace(context, space);
        await work({ writes: [gate], isHalted: false });
      },
      { attempts: ATTEMPTS },
    );
  } catch (error) {
    if (!(error instanceof InsideError)) throw error;
    await whileHalted(context, space, ({ turn }) => work({ writes: turn, isHalted: true }));
  }
}

async function hasInside({ table }: Context, space: string, prefix: string): Promise<boolean> {
  const sort = boundsWithin(parsePrefix(prefix), { itself: false });
  const { items } = await table.query(IpItem, { partition: spacePartition(space), sort, limit: 1, consistent: true });
  return items.length > 0;
}

interface Inside {
  readonly entered: Entered;
  readonly definitions: TagDefinitions;
}

/**
 * That what is inside a prefix may have the tags that it has when the prefix has its own tags, instead of those before. Reads nothing unless a tag
 * that changes implies others. Throws 422 `request.invalid`, 409 `tag.too_much_in_use`; within `taggingIn` alone.
 */
export async function requireTagsInside(
  context: Context,
  { entered, definitions }: Inside,
  ip: Pick<IpItem, "space" | "id" | "prefix" | "tags">,
  before: Readonly<Record<string, string>>,
): Promise<void> {
  const names = namesBelow(definitions, before, ip.tags);
  if (names.size === 0 || !(await hasInside(context, ip.space, ip.prefix))) return;
  if (!entered.isHalted) throw new InsideError();
  const above = await readAbove(context, ip.space, parsePrefix(ip.prefix));
  const others = above.filter(({ id }) => id !== ip.id);
  await requireTagsBelow(context, definitions, names, ip, others);
}
