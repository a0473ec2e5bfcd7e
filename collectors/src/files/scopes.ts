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

interface ScopesOptions {
  readonly context: ObserveContext;
  readonly provider: FileProvider;
  readonly account: string;
  readonly region: string | undefined;
  readonly format: FileFormat;
  readonly survey: Survey;
}

/** The scopes that a directory's files make, opened as their first list is met. */
export function createScopes(options: ScopesOptions): Scopes {
  const { account, format, survey } = options;
  const open = createOpenScopes(options);
  const problems: FileProblem[] = [];
  const remarks: FileProblem[] = [];
  const report = (problem: FileProblem) => void problems.push(problem);

  /** The region that was given, unless the files name others: then it is not known which of them a thing without one is in. */
  const defaultRegion = () =>
    [...survey.regions].every((region) => region === options.region) ? options.region : undefined;

  /** The region that the item was put in, undefined when it is not known. */
  function addItem(name: string, kind: KindName, item: FileItem): string | undefined {
    const region = item.region ?? (item.network && survey.regionOfNetwork.get(item.network.id)) ?? defaultRegion();
    if (region === undefined) {
      report(unknownRegion(survey, name, kind, item.label));
      return undefined;
    }
    const scope = open.at(kind, region);
    if (item.owner && item.owner !== account) {
      scope.foreign += 1;
      return region;
    }
    const ownerOfNetwork = (id: string) => survey.ownerOfNetwork.get(id);
    const remark = (message: string) => {
      remarks.push({ kind, region, error: fileError("unknown_value", `${name}: ${item.label}: ${message}`) });
    };
    try {
      scope.recorder.add(item.convert({ account, region, ownerOfNetwork, report: remark }));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      report({ kind, region, error: fileError("malformed", `${name}: ${item.label}: ${error.message}`) });
    }
    return region;
  }

  function addEmpty(name: string, kind: KindName): string | undefined {
    const region = defaultRegion();
    if (region === undefined) report(unknownRegion(survey, name, kind, "an empty list"));
    else open.at(kind, region);
    return region;
  }

  return {
    report,
    add: (name, { kind, items, hasMore }) => {
      const covered = format.regionsOf?.(kind, survey.regions);
      for (const region of covered ?? []) open.at(kind, region);
      // It says nothing of the regions of this account that it does not name.
      const other = covered && items.find(({ owner }) => owner && owner !== account)?.owner;
      if (other) {
        const message = `${name}: the list is of ${other}, not of ${account}`;
        report({ kind, error: fileError("foreign_account", message) });
      }
      const regions = new Set(
        items.length === 0 && !covered ? [addEmpty(name, kind)] : items.map((item) => addItem(name, kind, item)),
      );
      if (!hasMore) return;
      const message = `${name}: the list was cut off, more pages follow; print it to its end`;
      for (const region of regions) report({ kind, region, error: fileError("more_pages", message) });
    },
    finish: () => {
      for (const { kind, region } of lostScopes(options, open.all(), problems)) open.at(kind, region, false);
      if (open.all().length === 0) {
        const messages = problems.slice(0, MOST_ERRORS).map(({ error }) => error.message);
        throw new FileError(messages.join("\n"));
      }
      for (const scope of open.all()) finishScope(options, scope, { problems, remarks });
    },
  };
}

function createOpenScopes({ context, provider, account }: ScopesOptions) {
  const open = new Map<string, OpenScope>();
  return {
    all: () => [...open.values()],
    at(kind: KindName, region: string, listed = true): OpenScope {
      const known = open.get(`${region}/${kind}`);
      if (known) return known;
      const recorder = context.recorder.start({ provider, account, region, kind });
      const scope = { kind, region, recorder, listed, foreign: 0 };
      open.set(`${region}/${kind}`, scope);
      return scope;
    },
  };
}

function unknownRegion(survey: Survey, name: string, kind: KindName, what: string): FileProblem {
  const advice =
    survey.regions.size > 0
      ? `the files name ${[...survey.regions].sort().join(", ")}: keep each region's files in a directory of their own and give its region`
      : "give the region";
  return { kind, error: fileError("unknown_region", `${name}: ${what} does not say its region; ${advice}`) };
}

/** A kind of which no list could be read is failed in every region that is known. */
function lostScopes(
  { survey, format, region }: ScopesOptions,
  open: readonly OpenScope[],
  problems: readonly FileProblem[],
): { readonly kind: KindName; readonly region: string }[] {
  const named = new Set([...survey.regions, ...(region === undefined ? [] : [region])]);
  const found = new Set(open.map((scope) => scope.kind));
  const lost = problems.flatMap(({ kind }) => (kind ? [kind] : found.size === 0 ? format.kinds : []));
  return lost
    .filter((kind) => !found.has(kind))
    .flatMap((kind) => [...(format.regionsOf?.(kind, named) ?? named)].map((each) => ({ kind, region: each })));
}

function finishScope(
  { account, format }: ScopesOptions,
  scope: OpenScope,
  { problems, remarks }: { readonly problems: readonly FileProblem[]; readonly remarks: readonly FileProblem[] },
): void {
  const { kind, region, recorder, listed, foreign } = scope;
  const ofScope = (all: readonly FileProblem[]) =>
    all
      .filter((p) => (p.kind === undefined || p.kind === kind) && (p.region === undefined || p.region === region))
      .map((p) => p.error);
  const errors = ofScope(problems);
  if (foreign > 0 && recorder.count === 0 && !format.regionsOf) {
    const message = `all ${foreign} listed are of other accounts, none of ${account}: are the files of this account?`;
    errors.push(fileError("foreign_account", message));
  }
  const status = errors.length === 0 ? "complete" : listed ? "partial" : "failed";
  recorder.finish(status, [...errors, ...ofScope(remarks)].slice(0, MOST_ERRORS));
}
