import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import { addCollectAws } from "./collect-aws.ts";
import { addCollectEndpoints } from "./collect-endpoints.ts";
import { addCollectFiles } from "./collect-files.ts";
import { addCollectGcp } from "./collect-gcp.ts";

/** Adds `collect` to the program. */
export function addCollect(program: Command, cli: Cli): void {
  const collect = program.command("collect").description("look, sign what was seen, and deliver it");
  addCollectAws(collect, cli);
  addCollectGcp(collect, cli);
  addCollectEndpoints(collect, cli);
  addCollectFiles(collect, cli);
}
