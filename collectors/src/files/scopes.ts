import type { KindName } from "@cadastre/contract/kinds/names";
import type { ScopeError } from "@cadastre/contract/scope";
import type { ObserveContext, ScopeRecorder } from "../observe.ts";
import { FileError, type FileFormat, type FileItem, type FileListing } from "./format.ts";
import type { FileProvider } from "./formats.ts";
import type { Survey } from "./survey.ts";

/** A reason why scopes are not complete: those of a kind and region, of a kind in all regions, or (a file of unknown form) all. */
interface FileProblem {
  readonly kind?: KindName | undefined;
  readonly region?: string | undefined;
  readonly error: ScopeError;
}

interface Scopes {
  add(name: string, listing: FileListing): void;
  report(problem: FileProblem): void;
  /** Finishes every scope. Throws FileError when there is not one, not even a failed one. */
  finish(): void;
}

interface OpenScope {
  readonly kind: KindName;
  readonly region: string;
  readonly recorder: ScopeRecorder<KindName>;
  /** False when no list of it could be read. */
  readonly listed: boolean;
  /** How many listed things are of other accounts. */
  foreign: number;
}

/** What a scope's report and a message name at most. */
const MOST_ERRORS = 20;

export function fileError(code: string, message: string): ScopeError {
  return { code, message: message.slice(0, 1000) };
}

/** The scopes that a directory's files make, opened as their first list is met. */
export function createScopes(options: {
  readonly context: ObserveContext;
  readonly provider: FileProvider;
  readonly account: string;
  readonly region: string | undefined;
  readonly format: FileFormat;
  readonly survey: Survey;
}): Scopes {
  const { context, provider, account, format, survey } = options;
  const open = new Map<string, OpenScope>();
  const problems: FileProblem[] = [];

  const scopeOf = (kind: KindName, region: string, listed = true): OpenScope => {
    const known = open.get(`${region}/${kind}`);
    if (known) return known;
    const recorder = context.recorder.start({ provider, account, region, kind });
    const scope = { kind, region, recorder, listed, foreign: 0 };
    open.set(`${region}/${kind}`, scope);
    return scope;
  };

  /** The region that was given, unless the files name others: then it is not known which of them a thing without one is in. */
  const defaultRegion = () =>
    [...survey.regions].every((region) => region === options.region) ? options.region : undefined;

  const reportUnknownRegion = (name: string, kind: KindName, what: string) => {
    const advice =
      survey.regions.size > 0
        ? `the files name ${[...survey.regions].sort().join(", ")}: keep each region's files in a directory of their own and give its region`
        : "give the region";
    problems.push({ kind, error: fileError("unknown_region", `${name}: ${what} does not say its region; ${advice}`) });
  };

  /** The region that the item was put in, undefined when it is not known. */
  const addItem = (name: string, kind: KindName, item: FileItem): string | undefined => {
    const region = item.region ?? (item.network && survey.regionOfNetwork.get(item.network.id)) ?? defaultRegion();
    if (region === undefined) {
      reportUnknownRegion(name, kind, item.label);
      return undefined;
    }
    const scope = scopeOf(kind, region);
    if (item.owner && item.owner !== account) {
      scope.foreign += 1;
      return region;
    }
    const ownerOfNetwork = (id: string) => survey.ownerOfNetwork.get(id);
    try {
      scope.recorder.add(item.convert({ account, region, ownerOfNetwork }));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      problems.push({ kind, region, error: fileError("malformed", `${name}: ${item.label}: ${error.message}`) });
    }
    return region;
  };

  const addEmpty = (name: string, kind: KindName): string | undefined => {
    const region = defaultRegion();
    if (region === undefined) reportUnknownRegion(name, kind, "an empty list");
    else scopeOf(kind, region);
    return region;
  };

  /** A kind of which no list could be read is failed in every region that is known. */
  const openLost = () => {
    const named = new Set([...survey.regions, ...(options.region === undefined ? [] : [options.region])]);
    const found = new Set([...open.values()].map((scope) => scope.kind));
    const lost = problems.flatMap(({ kind }) => (kind ? [kind] : found.size === 0 ? format.kinds : []));
    for (const kind of lost.filter((kind) => !found.has(kind))) {
      for (const region of format.regionsOf?.(kind, named) ?? named) scopeOf(kind, region, false);
    }
  };

  const finishScope = (scope: OpenScope) => {
    const { kind, region, recorder, listed, foreign } = scope;
    const errors = problems
      .filter((p) => (p.kind === undefined || p.kind === kind) && (p.region === undefined || p.region === region))
      .map((p) => p.error);
    if (foreign > 0 && recorder.count === 0 && !format.regionsOf) {
      const message = `all ${foreign} listed are of other accounts, none of ${account}: are the files of this account?`;
      errors.push(fileError("foreign_account", message));
    }
    const status = errors.length === 0 ? "complete" : listed ? "partial" : "failed";
    recorder.finish(status, errors.slice(0, MOST_ERRORS));
  };

  return {
    add: (name, { kind, items, hasMore }) => {
      const covered = format.regionsOf?.(kind, survey.regions);
      for (const region of covered ?? []) scopeOf(kind, region);
      // It says nothing of the regions of this account that it does not name.
      const other = covered && items.find(({ owner }) => owner && owner !== account)?.owner;
      if (other) {
        const message = `${name}: the list is of ${other}, not of ${account}`;
        problems.push({ kind, error: fileError("foreign_account", message) });
      }
      const regions = new Set(
        items.length === 0 && !covered ? [addEmpty(name, kind)] : items.map((item) => addItem(name, kind, item)),
      );
      if (!hasMore) return;
      const message = `${name}: the list was cut off, more pages follow; print it to its end`;
      for (const region of regions) problems.push({ kind, region, error: fileError("more_pages", message) });
    },
    report: (problem) => problems.push(problem),
    finish: () => {
      openLost();
      if (open.size === 0) {
        throw new FileError(
          problems
            .slice(0, MOST_ERRORS)
            .map(({ error }) => error.message)
            .join("\n"),
        );
      }
      for (const scope of open.values()) finishScope(scope);
    },
  };
}
