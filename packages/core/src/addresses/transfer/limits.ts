/** What a file that is imported may be at most. What is above is refused before it is held. */
export interface FileLimits {
  /** Bytes of the file as it was sent. */
  readonly bytes: number;
  /** Rows below the header. */
  readonly rows: number;
  readonly columns: number;
  /** Characters of one row, or of one JSON object. */
  readonly rowLength: number;
  /** Bytes of a workbook that is sent: it is held whole, since the index of an archive stands at its end. */
  readonly packedBytes: number;
  /** Bytes that a workbook may unpack to. */
  readonly unpackedBytes: number;
}

const MEGABYTE = 1024 * 1024;

export const FILE_LIMITS: FileLimits = {
  bytes: 128 * MEGABYTE,
  rows: 200_000,
  columns: 256,
  rowLength: MEGABYTE,
  packedBytes: 16 * MEGABYTE,
  unpackedBytes: 96 * MEGABYTE,
};
