import { FileProblem } from "../file-problem.ts";

/** The bytes as they come, until there are more than allowed. Throws FileProblem (`bytes`). */
export async function* bounded(source: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  let taken = 0;
  for await (const chunk of source) {
    taken += chunk.length;
    if (taken > limit) {
      throw new FileProblem("bytes", `the file has more than ${limit} bytes, which is the most that is taken at once`);
    }
    yield chunk;
  }
}
