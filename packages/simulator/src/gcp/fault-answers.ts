import type { Fault } from "../faults.ts";
import type { ScopeFault } from "./pages.ts";
import { type GcpProblem, gcpProblem, problems, withoutErrorInfo } from "./problems.ts";

interface About {
  readonly service: string;
  readonly permission: string;
  readonly project: string;
  readonly number: string;
}

/** How Google answers a request that a fault hits; for kinds that leave an answer at all. */
export function faultAnswer(fault: Fault, about: About): GcpProblem {
  const problem = problemOf(fault, about);
  return fault.isBare ? withoutErrorInfo(problem) : problem;
}

function problemOf(fault: Fault, about: About): GcpProblem {
  const service = `${about.service}.googleapis.com`;
  const headers: Record<string, string> =
    fault.retryAfterSeconds === undefined ? {} : { "retry-after": String(fault.retryAfterSeconds) };
  switch (fault.kind) {
    case "throttle":
      return problems.rateLimited({ status: fault.code === "429" ? 429 : 403, service, headers });
    case "deny":
      return problems.forbidden(about.permission, about.project);
    case "deny-scp":
      return problems.organizationPolicy(service, about.number);
    case "disabled":
      return problems.disabled(service, about.number);
    case "error-5xx":
      return problems.internal();
    case "unavailable":
      return problems.unavailable(headers);
    default:
      return gcpProblem({
        status: 501,
        rpcCode: "UNIMPLEMENTED",
        reason: "notImplemented",
        message: `The fault ${fault.kind} has no meaning for ${service}.`,
      });
  }
}

/** What a fault of the kind `warning` or `empty` makes of one scope of an aggregated list. */
export function scopeFaultOf(scope: string, fault: Fault | undefined): ScopeFault | undefined {
  if (!fault) return undefined;
  if (fault.kind === "empty") return { hidden: true };
  const code = fault.code ?? "UNREACHABLE";
  return {
    warning: {
      code,
      message: fault.message ?? `Some results of scope '${scope}' may be missing.`,
      data: [{ key: "scope", value: scope }],
    },
    hidden: code === "UNREACHABLE",
  };
}
