const NUMBERED = /^(\d+)-(.+)$/;
const DIGITS = 9;

/** A folder's place in the order, and the run in it. What has no number comes first: somebody put it there, and it is old. */
function toPlace(folder: string): { readonly number: bigint; readonly run: string } {
  const [, digits, run] = NUMBERED.exec(folder) ?? [];
  return digits === undefined || run === undefined ? { number: 0n, run: folder } : { number: BigInt(digits), run };
}

/** The run that is in a closed run's folder. */
export const runIn = (folder: string): string => toPlace(folder).run;

/** Folders of closed runs in the order in which they were closed. */
export function inOrder(folders: readonly string[]): string[] {
  return folders
    .map((folder) => ({ folder, ...toPlace(folder) }))
    .sort((a, b) => (a.number === b.number ? (a.run < b.run ? -1 : 1) : a.number < b.number ? -1 : 1))
    .map(({ folder }) => folder);
}

/** The name of the folder of a run that is closed now, after all of these. Neither clocks nor what is kept elsewhere matter. */
export function folderAfter(folders: readonly string[], run: string): string {
  const last = folders.map((folder) => toPlace(folder).number).reduce((a, b) => (b > a ? b : a), 0n);
  return `${String(last + 1n).padStart(DIGITS, "0")}-${run}`;
}
