import type { GcpEstate } from "../estate-gcp.ts";
import type { Fault } from "../faults.ts";
import type { ScopeFault } from "./pages.ts";
import type { GcpProblem } from "./problems.ts";
import type { ApiVersion } from "./wire.ts";

/** One request that was routed and authenticated. */
export interface ApiCall {
  readonly estate: GcpEstate;
  readonly query: URLSearchParams;
  /** Named groups of the route's path. */
  readonly params: Readonly<Record<string, string>>;
  readonly version: ApiVersion;
  /** A fault that leaves an answer (`warning`, `empty`, `repeat-token`), already counted down. */
  readonly fault: Fault | undefined;
  scopeFault(scope: string): ScopeFault | undefined;
}

export type ApiAnswer = Readonly<Record<string, unknown>> | GcpProblem;

export interface ApiRoute {
  readonly method: "GET" | "POST";
  readonly path: RegExp;
  /** compute or cloudresourcemanager; `.googleapis.com` makes it Google's name. */
  readonly service: "compute" | "cloudresourcemanager";
  /** For example instances.aggregatedList. */
  readonly operation: string;
  /** The permission that a denial names. */
  readonly permission: string;
  answer(call: ApiCall): ApiAnswer;
}

/** Query parameters that would change which resources are answered and that no estate can evaluate. */
export const unsupportedParameters = ["filter", "orderBy", "serviceProjectNumber"];

export function isProblem(answer: unknown): answer is GcpProblem {
  return typeof answer === "object" && answer !== null && "status" in answer && "body" in answer;
}
