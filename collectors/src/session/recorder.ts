import { MOST_SCOPES } from "@cadastre/contract/discovery";
import type { KindName } from "@cadastre/contract/kinds/names";
import type { Log } from "@cadastre/contract/log";
import { parse } from "@cadastre/contract/parse";
import { RESOURCE_BYTES, type ResourceInput } from "@cadastre/contract/resource";
import { type ScopeError, type ScopeKey, type ScopeStatus, scopeKey, scopeName } from "@cadastre/contract/scope";
import type { Recorder, ScopeRecorder } from "../observe.ts";
import { createEntryTable, type EntryTable, RECORD_BYTES } from "./entry-table.ts";
import type { SpooledScope } from "./manifest.ts";
import { type PreparedResource, prepareResource } from "./prepare.ts";
import type { OnProgress } from "./progress.ts";
import { createErrorList, type ErrorList } from "./scope-errors.ts";
import type { OpenRunFiles } from "./spool.ts";

const RECORDS_AT_ONCE = 4096;
const PROGRESS_EVERY = 1000;

interface OpenScope {
  readonly key: ScopeKey;
  readonly errors: ErrorList;
  readonly observer: object;
  table: EntryTable;
  /** Some of what was added cannot be delivered, so the scope is not complete whatever its collector says. */
  dropped: boolean;
}

export interface RunRecorder {
  /** A recorder for one observer, so that what it leaves open when it ends can be told from the others' scopes. */
  forObserver(observer: object): Recorder;
  /** Finishes the observer's open scopes as failed for this reason. */
  endOpen(observer: object, error: ScopeError): void;
  /** Nothing is taken any more. Throws when the files could not be written; such a run must not be delivered. */
  end(): SpooledScope[];
}

interface RunRecorderOptions {
  readonly files: OpenRunFiles;
  readonly log: Log;
  readonly onProgress: OnProgress;
}

/** A full disk must not look like a short list: after a failed write the whole run is void. */
function createWriteGuard(run: string) {
  let failure: { readonly error: unknown } | undefined;
  function requireNoFailure(): void {
    if (failure) throw failure.error;
  }
  return {
    requireNoFailure,
    attempt<Result>(write: () => Result): Result {
      requireNoFailure();
      try {
        return write();
      } catch (cause) {
        const error = new Error(`the spool ${run} cannot be written: ${(cause as Error).message}`, { cause });
        failure = { error };
        throw error;
      }
    },
  };
}

/** Spools what observers see: resources to the data file as they come, a scope's sorted index when it finishes. */
export function createRunRecorder({ files, log, onProgress }: RunRecorderOptions): RunRecorder {
  const names = new Set<string>();
  const open = new Map<string, OpenScope>();
  const finished: SpooledScope[] = [];
  const writes = createWriteGuard(files.run);
  let ended = false;

  function drop(scope: OpenScope, error: ScopeError): void {
    scope.dropped = true;
    scope.errors.add(error);
  }

  function add<K extends KindName>(scope: OpenScope, resource: ResourceInput<K>): void {
    let prepared: PreparedResource;
    try {
      prepared = prepareResource(scope.key, resource);
    } catch (error) {
      drop(scope, { code: "invalid_resource", message: `${resource.id}: ${(error as Error).message}` });
      return;
    }
    const { id, hash, bytes } = prepared;
    const known = scope.table.find(id);
    if (known === hash) return;
    if (known !== undefined) {
      scope.errors.add({
        code: "duplicate_id",
        message: `${resource.id} was seen again with other content; the first stays`,
      });
      return;
    }
    const length = bytes.length - 1;
    if (length > RESOURCE_BYTES) {
      drop(scope, {
        code: "too_large",
        message: `${resource.id} has ${length} bytes; at most ${RESOURCE_BYTES} are delivered`,
      });
      return;
    }
    const offset = files.data.position;
    writes.attempt(() => files.data.append(bytes));
    scope.table.add(id, hash, offset, length);
    if (scope.table.size % PROGRESS_EVERY === 0) {
      onProgress({ type: "scope-progress", scope: scope.key, resources: scope.table.size });
    }
  }

  function finish(scope: OpenScope, said: ScopeStatus, errors: readonly ScopeError[]): void {
    for (const error of errors) scope.errors.add(error);
    const silent = said === "failed" || said === "skipped";
    const status = said === "complete" && scope.dropped ? "partial" : said;
    const resources = silent ? 0 : scope.table.size;
    const start = files.index.position / RECORD_BYTES;
    if (!silent) {
      writes.attempt(() => {
        for (const records of scope.table.sortedRecords(RECORDS_AT_ONCE)) files.index.append(records);
      });
    }
    scope.table = createEntryTable();
    open.delete(scopeName(scope.key));
    finished.push({ ...scope.key, status, errors: scope.errors.list(), resources, start });
    onProgress({ type: "scope-finished", scope: scope.key, status, resources });
  }

  function start<K extends KindName>(observer: object, wanted: ScopeKey & { readonly kind: K }): ScopeRecorder<K> {
    const key = parse(scopeKey, wanted, { prefix: "scope" });
    const name = scopeName(key);
    if (names.has(name)) throw new Error(`the scope ${name} was started before in this run`);
    if (names.size >= MOST_SCOPES) throw new Error(`a run has at most ${MOST_SCOPES} scopes; ${name} is one more`);
    const scope: OpenScope = { key, errors: createErrorList(), observer, table: createEntryTable(), dropped: false };
    const isOpen = () => open.get(name) === scope;
    let count = 0;
    names.add(name);
    if (!ended) {
      open.set(name, scope);
      onProgress({ type: "scope-started", scope: key });
    }
    return {
      add(resource) {
        // Answers of requests that were given up come late; what they say is not part of the scope any more.
        if (!isOpen()) return;
        add(scope, resource);
        count = scope.table.size;
      },
      finish(status, errors = []) {
        if (isOpen()) finish(scope, status, errors);
        else log({ level: "debug", message: "a scope was finished again; the first time counts", scope: name, status });
      },
      get count() {
        return count;
      },
    };
  }

  return {
    forObserver: (observer) => ({ start: (scope) => start(observer, scope) }),
    endOpen(observer, error) {
      for (const scope of open.values()) if (scope.observer === observer) finish(scope, "failed", [error]);
    },
    end() {
      ended = true;
      writes.requireNoFailure();
      return finished;
    },
  };
}
