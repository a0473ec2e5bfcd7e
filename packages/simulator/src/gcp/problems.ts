/** An answer that is not 200, as Google's APIs write it: the older `errors` list beside google.rpc.Status. */
export interface GcpProblem {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

interface ProblemOptions {
  readonly status: number;
  /** google.rpc.Code, for example PERMISSION_DENIED. */
  readonly rpcCode: string;
  /** The reason in the older `errors` list, for example rateLimitExceeded. */
  readonly reason: string;
  readonly message: string;
  readonly domain?: string;
  /** google.rpc.ErrorInfo. */
  readonly errorInfo?: { readonly reason: string; readonly metadata: Readonly<Record<string, string>> };
  readonly headers?: Readonly<Record<string, string>>;
}

export function gcpProblem(options: ProblemOptions): GcpProblem {
  const { errorInfo } = options;
  return {
    status: options.status,
    ...(options.headers ? { headers: options.headers } : {}),
    body: {
      error: {
        code: options.status,
        message: options.message,
        errors: [{ message: options.message, domain: options.domain ?? "global", reason: options.reason }],
        status: options.rpcCode,
        ...(errorInfo
          ? {
              details: [
                { "@type": "type.googleapis.com/google.rpc.ErrorInfo", domain: "googleapis.com", ...errorInfo },
              ],
            }
          : {}),
      },
    },
  };
}

/** The problem as older parts of Compute Engine write it: with the list of reasons alone. */
export function withoutErrorInfo(problem: GcpProblem): GcpProblem {
  const { error } = problem.body as { readonly error: Readonly<Record<string, unknown>> };
  const { code, message, errors } = error;
  return { ...problem, body: { error: { code, message, errors } } };
}

export const problems = {
  unauthenticated: (why: string) =>
    gcpProblem({
      status: 401,
      rpcCode: "UNAUTHENTICATED",
      reason: "authError",
      message: `Request had invalid authentication credentials. ${why}`,
      errorInfo: { reason: "ACCESS_TOKEN_TYPE_UNSUPPORTED", metadata: {} },
    }),
  notFound: (what: string) =>
    gcpProblem({
      status: 404,
      rpcCode: "NOT_FOUND",
      reason: "notFound",
      message: `The resource '${what}' was not found`,
    }),
  invalid: (field: string, value: string, allowed: string) =>
    gcpProblem({
      status: 400,
      rpcCode: "INVALID_ARGUMENT",
      reason: "invalid",
      message: `Invalid value for field '${field}': '${value}'. ${allowed}`,
    }),
  unreachable: (scope: string) =>
    gcpProblem({
      status: 503,
      rpcCode: "UNAVAILABLE",
      reason: "backendError",
      message: `The scope '${scope}' is unreachable, and the caller did not ask for partial success.`,
    }),
  forbidden: (permission: string, project: string) =>
    gcpProblem({
      status: 403,
      rpcCode: "PERMISSION_DENIED",
      reason: "forbidden",
      message: `Required '${permission}' permission for 'projects/${project}'`,
      errorInfo: { reason: "IAM_PERMISSION_DENIED", metadata: { permission, resource: `projects/${project}` } },
    }),
  disabled: (service: string, projectNumber: string) =>
    gcpProblem({
      status: 403,
      rpcCode: "PERMISSION_DENIED",
      reason: "accessNotConfigured",
      domain: "usageLimits",
      message: `${service} has not been used in project ${projectNumber} before or it is disabled.`,
      errorInfo: { reason: "SERVICE_DISABLED", metadata: { service, consumer: `projects/${projectNumber}` } },
    }),
  organizationPolicy: (service: string, projectNumber: string) =>
    gcpProblem({
      status: 403,
      rpcCode: "PERMISSION_DENIED",
      reason: "vpcServiceControls",
      message: "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: simulated",
      errorInfo: { reason: "SECURITY_POLICY_VIOLATED", metadata: { service, consumer: `projects/${projectNumber}` } },
    }),
  rateLimited: (options: {
    readonly status: 403 | 429;
    readonly service: string;
    readonly headers: Record<string, string>;
  }) =>
    gcpProblem({
      status: options.status,
      rpcCode: options.status === 429 ? "RESOURCE_EXHAUSTED" : "PERMISSION_DENIED",
      reason: "rateLimitExceeded",
      domain: "usageLimits",
      message: "Quota exceeded for quota metric 'List requests' and limit 'List requests per minute'.",
      errorInfo: { reason: "RATE_LIMIT_EXCEEDED", metadata: { service: options.service, quota_limit_value: "1500" } },
      headers: options.headers,
    }),
  internal: () =>
    gcpProblem({
      status: 500,
      rpcCode: "INTERNAL",
      reason: "backendError",
      message: "Internal error. Please try again.",
    }),
  unavailable: (headers: Record<string, string>) =>
    gcpProblem({
      status: 503,
      rpcCode: "UNAVAILABLE",
      reason: "backendError",
      message: "The service is currently unavailable.",
      headers,
    }),
};
