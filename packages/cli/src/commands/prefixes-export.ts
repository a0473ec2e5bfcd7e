import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { extname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type AddressExportFormat, EXPORT_FORMATS } from "@cadastre/contract/addresses/import";
import type { Command } from "commander";
import { choice, withExamples } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { findSpaceId } from "../find-named.ts";
import { withSpace } from "../find-prefix.ts";

interface Asked {
  readonly space: string;
  readonly format?: AddressExportFormat;
  readonly within?: string;
}

const BINARY: readonly AddressExportFormat[] = ["xlsx", "zip"];

/** As it is asked for, or as the file is called. */
function formatFor({ format }: Asked, path: string | undefined): AddressExportFormat {
  const named = EXPORT_FORMATS.find((one) => `.${one}` === extname(path ?? "").toLowerCase());
  return format ?? named ?? "csv";
}

/** Writes a file that is there once it is whole. */
async function writeFile(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const unfinished = `${path}.part`;
  try {
    await pipeline(Readable.from(pieces, { objectMode: false }), createWriteStream(unfinished));
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall !== undefined && code !== undefined)
      throw new UsageError(`the file ${path} cannot be written: ${code}`);
    throw error;
  }
}

/** Adds `prefixes export`. */
export function addExport(prefixes: Command, cli: Cli): void {
  withExamples(
    withSpace(prefixes.command("export").description("the prefixes of an address space as a file"))
      .argument("[file]", "standard output without it")
      .addOption(choice("--format <form>", "by the file's name, else csv", EXPORT_FORMATS))
      .option("--within <prefix>", "only this and what is inside it")
      .action(async (path: string | undefined, _: unknown, command: Command) => {
        const options = optionsOf<Asked>(command);
        const format = formatFor(options, path);
        if (path === undefined && BINARY.includes(format)) throw new UsageError(`say which file a ${format} goes into`);
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, options.space);
        const pieces = client.addressImports.export({ spaceId, format, within: options.within });
        if (path !== undefined) return writeFile(path, pieces);
        const decoder = new TextDecoder();
        for await (const piece of pieces) await cli.stdout.write(decoder.decode(piece, { stream: true }));
      }),
    "prefixes export production.xlsx --space production",
    "prefixes export --space production --within 10.0.0.0/8 > ten.csv",
  );
}
