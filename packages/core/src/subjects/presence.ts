import { HAD, type Had } from "./query.ts";

/** What people write where something is not there, and where there is any. */
const NOTHING =
  /^(?:none|null|nil|undefined|unassigned|unknown|unset|unowned|nobody|no-?one|nothing|empty|missing|never|no|n\/a|na|[-–—]+)$/;
const ANYTHING = /^(?:any|all|some|anyone|anybody|anything|everyone|everything|yes|set|present|defined)$/;

/** What can be there or not, by the qualifier that asks for its value. */
const HAD_BY: Readonly<Record<string, Had>> = { cidr: "ip" };

/** How what has nothing of a qualifier, or anything, is asked for: `-has:owner` where `owner:none` is written; undefined for other values. */
export function presenceMeant(qualifier: string, value: string): string | undefined {
  const had = HAD_BY[qualifier] ?? HAD.find((one) => one === qualifier);
  if (had === undefined) return undefined;
  const text = value.toLowerCase();
  if (NOTHING.test(text)) return `what has none is -has:${had}`;
  return ANYTHING.test(text) ? `what has any is has:${had}` : undefined;
}

/** The same of a tag: `tag:none`, `env=none`. */
export function tagPresenceMeant(key: string, value: string | undefined): string | undefined {
  if (value === undefined) return presenceMeant("tag", key);
  const text = value.toLowerCase();
  if (NOTHING.test(text)) return `what does not have it is -tag:${key}`;
  return ANYTHING.test(text) ? `what has it with any value is tag:${key}` : undefined;
}
