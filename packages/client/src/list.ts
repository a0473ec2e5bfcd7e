import { page } from "@cadastre/contract/view";
import type * as z from "zod";
import { ApiError } from "./api-error.ts";
import type { Query, Request } from "./request.ts";

export interface PageQuery {
  /** How many items a page has at most; the API has a default and a limit. */
  readonly limit?: number | undefined;
  /** Of the page before. */
  readonly cursor?: string | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** There is more when it is there. */
  readonly cursor?: string | undefined;
}

export interface List<Item, Filter extends Query> {
  /** One page. */
  list(query?: Filter & PageQuery): Promise<Page<Item>>;
  /** All items, a page at a time as they are consumed; `limit` is the size of a page. */
  iterate(query?: Filter & PageQuery): AsyncGenerator<Item>;
}

/** A list of the API: `{items, cursor}`. Throws ApiError, also when a cursor repeats, which would never end. */
export function createList<Schema extends z.ZodType, Filter extends Query = Query>(
  request: Request,
  path: string,
  item: Schema,
): List<z.output<Schema>, Filter> {
  const answer = page(item);
  const list = (query?: Filter & PageQuery): Promise<Page<z.output<Schema>>> =>
    request({ method: "GET", path, query, answer });

  async function* iterate(query?: Filter & PageQuery): AsyncGenerator<z.output<Schema>> {
    let cursor = query?.cursor;
    for (;;) {
      const { items, cursor: next } = await list({ ...query, cursor } as Filter & PageQuery);
      yield* items;
      if (next === undefined) return;
      if (next === cursor) {
        throw new ApiError({
          code: "api.unknown_answer",
          status: 200,
          detail: `GET /api/v1${path} repeats its cursor`,
        });
      }
      cursor = next;
    }
  }

  return { list, iterate };
}
