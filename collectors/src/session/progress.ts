import type { ScopeKey, ScopeStatus } from "@cadastre/contract/scope";
import type { RunState } from "./result.ts";

/** What happens in a session, as it happens, for a display. */
export type ProgressEvent =
  | { readonly type: "run-started"; readonly run: string }
  | { readonly type: "scope-started"; readonly scope: ScopeKey }
  | { readonly type: "scope-progress"; readonly scope: ScopeKey; readonly resources: number }
  | {
      readonly type: "scope-finished";
      readonly scope: ScopeKey;
      readonly status: ScopeStatus;
      readonly resources: number;
    }
  | { readonly type: "run-spooled"; readonly run: string; readonly scopes: number; readonly resources: number }
  | { readonly type: "run-opened"; readonly run: string; readonly shards: number }
  | { readonly type: "uploading"; readonly run: string; readonly uploaded: number; readonly shards: number }
  | { readonly type: "run-completed"; readonly run: string }
  | { readonly type: "run-ended"; readonly run: string; readonly state: RunState };

export type OnProgress = (event: ProgressEvent) => void;
