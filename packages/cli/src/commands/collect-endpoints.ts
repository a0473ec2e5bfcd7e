import { parseTargetFile, parseTargets, type TlsTarget } from "@cadastre/collectors/endpoints/targets";
import { inOnePart } from "@cadastre/collectors/observe";
import { type Command, Option } from "commander";
import { commaList, wholeNumber, withExamples } from "../arguments.ts";
import { type Cli, optionsOf } from "../cli.ts";
import { type CollectOptions, collect, configured } from "../collect/collect.ts";
import { withSession } from "../collect/options.ts";
import { UsageError } from "../exit-codes.ts";
import { readText } from "../files.ts";

interface EndpointFlags extends CollectOptions {
  readonly targets?: readonly string[];
  readonly targetsFile?: string;
  readonly account: string;
  readonly region?: string;
  readonly allowLoopback?: boolean;
  readonly allowLinkLocal?: boolean;
  readonly allowCarrierNat?: boolean;
  readonly ipv4Only?: boolean;
  readonly caFile?: string;
  readonly concurrency?: number;
}

function targetsOf({ targets, targetsFile }: EndpointFlags): TlsTarget[] {
  const listed = targets === undefined ? [] : configured(() => parseTargets(targets));
  if (targetsFile === undefined) {
    if (listed.length === 0) throw new UsageError("no targets: give --targets, --targets-file, or both");
    return listed;
  }
  const text = readText(targetsFile, "targets file");
  try {
    return [...listed, ...parseTargetFile(text)];
  } catch (error) {
    throw new UsageError(`${targetsFile}:\n${(error as Error).message}`);
  }
}

/** Adds `collect endpoints`. */
export function addCollectEndpoints(parent: Command, cli: Cli): void {
  const command = parent
    .command("endpoints")
    .description("look at TLS endpoints and their certificates by real handshakes, at every address")
    .addOption(
      new Option("--targets <list>", "host, host:port or [IPv6]:port, with ?sni=name if wanted").argParser(commaList),
    )
    .option("--targets-file <file>", "one target a line; # begins a comment")
    .requiredOption("--account <account>", "whose endpoints they are, as the collector is registered for")
    .option("--region <region>", "from where they are looked at (default: global)")
    .option("--allow-loopback", "connect to loopback addresses too")
    .option("--allow-link-local", "connect to link-local addresses too")
    .option("--allow-carrier-nat", "connect to 100.64.0.0/10, too, where a network uses it for its own")
    .option("--ipv4-only", "leave IPv6 addresses out: this place cannot reach them")
    .option("--ca-file <file>", "roots (PEM) that are trusted beside Node's own")
    .addOption(
      new Option(
        "--concurrency <n>",
        "targets at once at most; fewer while handshakes take too long (default: 20)",
      ).argParser(wholeNumber(1, 1000)),
    )
    .addHelpText("after", "\nName all endpoints of the account and region: those that are not named count as gone.")
    .action(async (_: unknown, self: Command) => {
      const options = optionsOf<EndpointFlags>(self);
      const targets = targetsOf(options);
      const { observeEndpoints } = await import("@cadastre/collectors/endpoints/observe");
      const { account, region, caFile, concurrency } = options;
      const extraRoots = caFile === undefined ? [] : [readText(caFile, "CA file")];
      const observe = configured(() =>
        observeEndpoints({
          targets,
          account,
          extraRoots,
          allow: {
            loopback: options.allowLoopback ?? false,
            linkLocal: options.allowLinkLocal ?? false,
            carrierNat: options.allowCarrierNat ?? false,
          },
          ...(region === undefined ? {} : { region }),
          ...(options.ipv4Only ? { families: [4] as const } : {}),
          ...(concurrency === undefined ? {} : { concurrency }),
        }),
      );
      await collect(cli, options, inOnePart(observe));
    });
  withExamples(
    withSession(command),
    "collect endpoints --key-file edge.pem --account edge --targets example.org,example.org:8443",
    "collect endpoints --key-file edge.pem --account edge --targets-file targets.txt",
  );
}
