import { open } from "node:fs/promises";
import type { Consumer } from "@cadastre/core/feed/consumer";

/**
 * Appends each change as a line of JSON to a file, for whatever reads files. A line is on disk before the change counts as told;
 * after a crash a change may stand there twice, with the same id.
 */
export function createChangesFile(path: string): Consumer {
  return {
    name: "changes-file",
    about: "Appends each change as a line of JSON to a file",
    async handle(change) {
      const file = await open(path, "a", 0o600);
      try {
        await file.appendFile(`${JSON.stringify(change)}\n`);
        await file.datasync();
      } finally {
        await file.close();
      }
    },
  };
}
