import { type UnzipFileInfo, unzipSync } from "fflate";
import { FileProblem } from "../../file-problem.ts";
import type { FileLimits } from "../../limits.ts";

/** More files than any workbook that people make has. */
const MOST_FILES = 2_000;

/**
 * The XML files of a workbook, name → bytes. What it unpacks to is bounded before it is unpacked: by the sizes that its
 * index says, and no file is unpacked further than the index says of it.
 * Throws FileProblem (`unpacked`, `malformed`).
 */
export function unpackWorkbook(packed: Uint8Array, limits: FileLimits): Readonly<Record<string, Uint8Array>> {
  let bytes = 0;
  let files = 0;
  const filter = ({ name, originalSize }: UnzipFileInfo): boolean => {
    if (!/\.(xml|rels)$/i.test(name)) return false;
    bytes += originalSize;
    if (bytes > limits.unpackedBytes || ++files > MOST_FILES) {
      const message = `the workbook unpacks to more than ${limits.unpackedBytes} bytes; save it as CSV`;
      throw new FileProblem("unpacked", message);
    }
    return true;
  };
  try {
    return unzipSync(packed, { filter });
  } catch (error) {
    if (error instanceof FileProblem) throw error;
    throw new FileProblem("malformed", "the workbook is damaged, or is none");
  }
}
