import type { GcpProjects } from "@cadastre/collectors/gcp/options";
import { type Command, Option } from "commander";
import { commaList, wholeNumber, withExamples } from "../arguments.ts";
import { type Cli, optionsOf } from "../cli.ts";
import { type CollectOptions, collect, configured } from "../collect/collect.ts";
import { withSession } from "../collect/options.ts";
import { UsageError } from "../exit-codes.ts";

interface GcpFlags extends CollectOptions {
  readonly projects?: readonly string[];
  readonly folder?: string;
  readonly organization?: string;
  readonly concurrency?: number;
}

function projectsOf({ projects, folder, organization }: GcpFlags): GcpProjects {
  const given = [projects, folder, organization].filter((one) => one !== undefined);
  if (given.length !== 1) throw new UsageError("give one of --projects, --folder and --organization");
  if (projects) return { list: projects };
  return folder === undefined ? { organization: organization as string } : { folder };
}

/** Adds `collect gcp`. */
export function addCollectGcp(parent: Command, cli: Cli): void {
  const command = parent
    .command("gcp")
    .description(
      "look at Compute Engine: networks, subnets, instances, addresses. Credentials are found as by every Google tool; CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE and …_CLOUDRESOURCEMANAGER are honoured",
    )
    .addOption(new Option("--projects <list>", "project ids").argParser(commaList))
    .option("--folder <folder>", "all active projects in and below it, folders/NUMBER")
    .option("--organization <organization>", "all its active projects, organizations/NUMBER")
    .addOption(new Option("--concurrency <n>", "projects at once (default: 4)").argParser(wholeNumber(1, 100)))
    .action(async (_: unknown, self: Command) => {
      const options = optionsOf<GcpFlags>(self);
      const projects = projectsOf(options);
      const [{ splitGcp }, { gcpSettings }] = await Promise.all([
        import("@cadastre/collectors/gcp/observe"),
        import("@cadastre/collectors/gcp/environment"),
      ]);
      const settings = gcpSettings(cli.env);
      const { concurrency } = options;
      const split = configured(() =>
        splitGcp({
          projects,
          ...settings,
          ...(concurrency === undefined ? {} : { concurrency }),
        }),
      );
      await collect(cli, options, split);
    });
  withExamples(
    withSession(command),
    "collect gcp --key-file gcp.pem --projects shop-prod,shop-staging",
    "collect gcp --key-file gcp.pem --organization organizations/123456789012",
  );
}
