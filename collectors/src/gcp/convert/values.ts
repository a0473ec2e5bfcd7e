import { MalformedError, type Member } from "../../values.ts";

/** A 64-bit id as text; the client gives it as text, other servers' JSON may have a number. */
export function toId(id: Member<{ toString(): string }>): string | undefined {
  return id === null || id === undefined ? undefined : id.toString();
}

/** What a description may have in the register; Compute Engine allows 2,048. */
const MOST_TEXT = 1024;

/** A text for people, cut where it is longer than the register takes. */
export function toDescription(text: Member<string>): string | undefined {
  if (!text) return undefined;
  return text.length <= MOST_TEXT ? text : `${text.slice(0, MOST_TEXT - 1).toWellFormed()}…`;
}

/** RFC 3339 with the zone's offset, as Compute Engine writes it, in UTC. Throws MalformedError. */
export function toTimestamp(text: Member<string>, member: string): string | undefined {
  if (!text) return undefined;
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw new MalformedError(`${member} ${JSON.stringify(text)} is not a date and time`);
  return at.toISOString();
}

/** `IN_USE` as `in-use`. */
export function toWord(constant: Member<string>): string | undefined {
  return constant ? constant.toLowerCase().replaceAll("_", "-") : undefined;
}
