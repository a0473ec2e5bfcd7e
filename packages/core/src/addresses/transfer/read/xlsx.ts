import type { FileLimits } from "../limits.ts";
import type { FileRow } from "../row.ts";
import { bounded } from "./bounded.ts";
import { tableRows } from "./table.ts";

/**
 * The rows of a sheet of a workbook (.xlsx), the first one or that of a name. A cell with a formula has the value that was
 * stored with it; without one, or with an error for one, it is a problem of its row: nothing is worked out. Dates are given
 * as ISO texts. The archive is held as it was sent, with
 * the texts that its cells share; its rows are not.
 * Throws FileProblem (`bytes`, `unpacked`, `malformed`, `sheet`, and those of `tableRows`).
 */
export async function* xlsxRows(
  bytes: AsyncIterable<Uint8Array>,
  { sheet, limits }: { readonly sheet?: string | undefined; readonly limits: FileLimits },
): AsyncGenerator<FileRow> {
  // What reads archives and XML is loaded by those who send a workbook.
  const [{ openArchive }, { findSheet }, { sheetLines }] = await Promise.all([
    import("./workbook/archive.ts"),
    import("./workbook/find-sheet.ts"),
    import("./workbook/sheet.ts"),
  ]);
  const chunks: Uint8Array[] = [];
  for await (const chunk of bounded(bytes, limits.packedBytes)) chunks.push(chunk);
  const place = await findSheet(openArchive(Buffer.concat(chunks), limits), sheet);
  yield* tableRows(sheetLines(place, limits), { limits, exact: false });
}
