import type { Observe } from "../observe.ts";
import { FileError, type FileFormat, type FileListing } from "./format.ts";
import { FILE_FORMATS, type FileProvider } from "./formats.ts";
import { listFiles, readListings } from "./read.ts";
import { createScopes, fileError } from "./scopes.ts";
import { createSurvey } from "./survey.ts";

export interface FilesOptions {
  /** All files directly in it are read, whatever they are called; hidden ones are not. */
  readonly directory: string;
  readonly provider: FileProvider;
  /** The account or project that the files were printed in. */
  readonly account: string;
  /** Where things are whose output does not say it: VPCs without subnets, empty lists. */
  readonly region?: string;
}

/**
 * The collector for people who cannot give credentials: it reads what the cloud's own command-line tool printed. A scope is
 * complete when its lists were printed to their end and no file was refused. A list that the tool cut off, a file that is
 * broken or of no accepted form, and a list of nothing but another account's make it partial; the other files are taken all the
 * same. Throws RangeError for an account or region that is none; rejects with FileError when the directory cannot be read or
 * holds nothing of which even a failed scope could be made.
 */
export function observeFiles(options: FilesOptions): Observe {
  const { directory, provider, account, region } = options;
  const format: FileFormat = FILE_FORMATS[provider];
  if (!format.account.pattern.test(account)) {
    throw new RangeError(`account ${JSON.stringify(account)} must be ${format.account.about}`);
  }
  if (region !== undefined) format.requireRegion(region);

  return async (context) => {
    const names = await listFiles(directory);
    if (names.length === 0) throw new FileError(`directory ${directory} has no files; accepted is ${format.accepts}`);
    const survey = createSurvey(account);
    const scopes = createScopes({ context, provider, account, region, format, survey });

    /** Names of the files that `take` was given; the others are reported. */
    const readAll = async (from: readonly string[], take: (name: string, listings: readonly FileListing[]) => void) => {
      const taken: string[] = [];
      for (const name of from) {
        if (context.signal.aborted) break;
        try {
          const listings = await readListings(directory, name, format);
          take(name, listings);
          taken.push(name);
        } catch (error) {
          if (!(error instanceof FileError)) throw error;
          scopes.report({ kind: error.kind, error: fileError("malformed_file", error.message) });
          context.log({ level: "error", message: error.message, file: name });
        }
      }
      return taken;
    };

    // Twice over the files: where a VPC is and who owns it may stand in a later file, and all of them may not fit in memory.
    const readable = await readAll(names, (_name, listings) => survey.add(listings));
    await readAll(readable, (name, listings) => {
      for (const listing of listings) scopes.add(name, listing);
    });
    if (context.signal.aborted) scopes.report({ error: fileError("interrupted", "the run was told to end") });
    scopes.finish();
  };
}
