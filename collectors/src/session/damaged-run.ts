/** The files of a closed run are not what was written: sent again, it would fail again. */
export class DamagedRunError extends Error {}

/** Errors of reading that say something of the machine, not of the file: later the same file can be read. */
const PASSING: ReadonlySet<unknown> = new Set(["EMFILE", "ENFILE", "ENOMEM", "EAGAIN", "EBUSY", "ESTALE", "ETIMEDOUT"]);

/** Reads something of a closed run. Throws DamagedRunError when what is there cannot be read, now or later. */
export function readOfRun<Value>(file: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof DamagedRunError || PASSING.has((error as { code?: unknown }).code)) throw error;
    throw new DamagedRunError(`the run cannot be read: ${file}: ${(error as Error).message}`, { cause: error });
  }
}
