import { hash } from "node:crypto";
import { canonicalJson } from "@cadastre/contract/digest";
import { ProblemError } from "@cadastre/contract/errors";
import type * as z from "zod";
import type { Restriction } from "./restriction.ts";
import { openText, sealText } from "./sealed-text.ts";

export interface Cursors<Position> {
  readonly encode: (position: Position) => string;
  /** Throws 422 `cursor.invalid` for what is not a cursor of this list with these filters. */
  readonly decode: (cursor: string) => Position;
}

/**
 * Cursors of a list that is more than one query of the table: base64url of JSON with the position, and a digest over the
 * list's name, its filters and the position. They are no secret: the worst that a made-up one can do is to begin elsewhere in
 * a list that one may read anyway. A page that ends because enough was looked at ends at what a limited caller may not see: that one's
 * cursors are sealed, so that they tell nothing of it, and none can be made up to be told of more.
 */
export function createCursors<Position>(
  list: string,
  filters: object,
  position: z.ZodType<Position>,
  restriction?: Pick<Restriction, "cursorKey">,
): Cursors<Position> {
  const key = restriction?.cursorKey;
  const seal = (at: unknown) => {
    const bound = JSON.parse(JSON.stringify([list, filters, at]));
    return hash("sha256", canonicalJson(bound)).slice(0, 16);
  };
  return {
    encode(at) {
      const text = JSON.stringify([at, seal(at)]);
      return (key === undefined ? Buffer.from(text) : sealText(text, key)).toString("base64url");
    },
    decode(cursor) {
      try {
        const bytes = Buffer.from(cursor, "base64url");
        const [at, sealed] = JSON.parse(key === undefined ? bytes.toString("utf8") : openText(bytes, key)) as [
          unknown,
          unknown,
        ];
        // Decoding skips what is not base64url, so only what is written so again is taken.
        if (sealed === seal(at) && bytes.toString("base64url") === cursor) return position.parse(at);
      } catch {
        // What cannot be read is not a cursor of this list either.
      }
      throw new ProblemError(
        "cursor.invalid",
        `the cursor is not of this list of ${list} with these filters; pass back the one of the page before, unchanged`,
      );
    },
  };
}
