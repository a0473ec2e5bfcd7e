/** A listing that would never end. */
export class RepeatedTokenError extends Error {
  override readonly name = "RepeatedTokenError";
  constructor() {
    super("a page's token is that of an earlier page, so the list has no end");
  }
}

/** Why a list was not read to its end. */
interface ListingFailure {
  readonly error: unknown;
}

/**
 * Reads a list page by page and hands each on, empty ones too; `next` is where the following one starts, undefined on the last.
 * Answers why it could not get to the end, if so: what `read` rejected with, or a RepeatedTokenError after the page that repeats
 * a token. Rejects only with what `take` throws.
 */
export async function readPages<Page extends { readonly next: string | undefined }>(
  read: (token: string | undefined) => Promise<Page>,
  take: (page: Page) => void | Promise<void>,
): Promise<ListingFailure | undefined> {
  const tokens = new Set<string>();
  for (let token: string | undefined; ; ) {
    let page: Page;
    try {
      page = await read(token);
    } catch (error) {
      return { error };
    }
    await take(page);
    token = page.next;
    if (token === undefined) return undefined;
    if (tokens.has(token)) return { error: new RepeatedTokenError() };
    tokens.add(token);
  }
}
