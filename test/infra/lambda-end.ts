/** The line that ends what an invocation writes. */
export const endOf = (id: number): string => `-- the end of invocation ${id} --`;

/** What was written, without those lines. */
export const withoutEnds = (text: string): string => text.replaceAll(/^-- the end of invocation \d+ --\n/gm, "");
