import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { AWS_SERVER_ID_HEADER, type AwsRequest } from "@cadastre/contract/oauth";
import { HttpRequest } from "@smithy/core/protocols";

/** For which server, and where. */
export interface IdentityRequestOptions {
  /** What the server calls itself: it takes no request that was signed for another one. */
  readonly serverId: string;
  readonly region?: string | undefined;
}

/** The region where nothing says another one. */
const DEFAULT_REGION = "us-east-1";
/** That is all that AWS needs; the rest tells of the SDK. */
const NEEDED = ["host", "content-type"];

/** What of the SDK's own type is used here: the step that signs, and what comes before it. */
interface SigningStack {
  addRelativeTo(
    middleware: (next: (given: Given) => Promise<object>) => (given: Given) => Promise<object>,
    place: { readonly name: string; readonly relation: "before"; readonly toMiddleware: string },
  ): void;
}

interface Given {
  readonly request?: unknown;
}

/** Ends the client's work with what it would have sent. */
class SignedError extends Error {
  readonly request: HttpRequest;
  constructor(request: HttpRequest) {
    super("signed, and not sent");
    this.request = request;
  }
}

/**
 * Signs a request to GetCallerIdentity with the credentials of the environment, as any SDK finds them, and sends it to nobody: whoever is
 * given it can ask AWS once, within minutes, whose they are. Throws what the SDK throws where there are none.
 */
export async function signIdentityRequest({ serverId, region }: IdentityRequestOptions): Promise<AwsRequest> {
  const client = new STSClient({
    ...(region === undefined ? {} : { region }),
    maxAttempts: 1,
    requestHandler: {
      handle: (request: HttpRequest) => Promise.reject(new SignedError(request)),
      updateHttpClientConfig: () => undefined,
      httpHandlerConfigs: () => ({}),
    },
  });
  (client.middlewareStack as unknown as SigningStack).addRelativeTo(
    (next) => (given) => {
      const { request } = given;
      if (!HttpRequest.isInstance(request)) throw new TypeError("the SDK sends no HTTP request");
      const kept = Object.entries(request.headers).filter(([name]) => NEEDED.includes(name.toLowerCase()));
      request.headers = { ...Object.fromEntries(kept), [AWS_SERVER_ID_HEADER]: serverId };
      return next(given);
    },
    { name: "forServer", relation: "before", toMiddleware: "httpSigningMiddleware" },
  );
  try {
    await client.send(new GetCallerIdentityCommand({}));
  } catch (error) {
    if (error instanceof SignedError) return toAwsRequest(error.request);
    if (region === undefined && (error as Error).message === "Region is missing")
      return signIdentityRequest({ serverId, region: DEFAULT_REGION });
    throw error;
  }
  throw new TypeError("the SDK has sent nothing");
}

function toAwsRequest({ protocol, hostname, port, path, headers, body }: HttpRequest): AwsRequest {
  const host = port === undefined ? hostname : `${hostname}:${port}`;
  return {
    url: `${protocol}//${host}${path}`,
    method: "POST",
    headers: Object.entries(headers).map(([key, value]) => ({ key: key.toLowerCase(), value })),
    body: String(body),
  };
}
