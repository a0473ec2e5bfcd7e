import { join } from "node:path";
import type { Log } from "@cadastre/contract/log";
import { describeFolderFault, folderFaultOf } from "./data-folder.ts";
import { createLogFile } from "./log-file.ts";
import { createTerminalLog } from "./terminal-log.ts";

export interface OpenLogOptions {
  /** The data folder. */
  readonly directory: string;
  readonly stderr: Pick<NodeJS.WriteStream, "write">;
  readonly now: () => Date;
  /** Show each line as it is. */
  readonly verbose: boolean;
}

/** What happens goes to a file; a person is shown what README.md shows, and what goes wrong. */
export function openLog({ directory, stderr, now, verbose }: OpenLogOptions) {
  const path = join(directory, "cadastre.log");
  const say = (line: string) => void stderr.write(`${line}\n`);
  const logFile = createLogFile({
    path,
    onFault(error) {
      const fault = folderFaultOf(error, directory);
      say(fault ? describeFolderFault(fault, directory) : `the log ${path} cannot be written: ${String(error)}`);
    },
  });
  const show = verbose ? undefined : createTerminalLog({ directory, logPath: path, say });
  const log: Log = (line) => {
    if (line.level === "debug") return;
    const text = JSON.stringify({ time: now().toISOString(), ...line });
    logFile.write(`${text}\n`);
    if (show) show(line);
    else say(text);
  };
  return { logFile, log };
}
