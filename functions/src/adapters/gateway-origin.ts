import type { RequestOrigin } from "@cadastre/api/origin";
import { tryParseAddress } from "@cadastre/net/address";
import { containsAddress, type Prefix } from "@cadastre/net/prefix";
import type { LambdaContext } from "hono/aws-lambda";

/** What the adapter hands to the app beside the request. */
interface GatewayEnv {
  readonly event?: {
    readonly requestContext?: { readonly requestId?: string; readonly http?: { readonly sourceIp?: string } };
    readonly headers?: Readonly<Record<string, string | undefined>>;
  };
  readonly lambdaContext?: Pick<LambdaContext, "awsRequestId">;
}

/** https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader */
const TRACE = /^[\w=;:.-]{1,256}$/;

/**
 * How a request came through the HTTP API: its ids there and in Lambda, by which its lines in other logs are found, and whether its
 * sender's address is an allowed one. The address is the one that the gateway saw; headers that claim another count for nothing.
 */
export function createGatewayOrigin({ allowed }: { readonly allowed: readonly Prefix[] | undefined }) {
  return function originOf(env: unknown): RequestOrigin {
    const { event, lambdaContext } = (env ?? {}) as GatewayEnv;
    const gateway = event?.requestContext?.requestId;
    const trace = event?.headers?.["x-amzn-trace-id"];
    const invocation = lambdaContext?.awsRequestId;
    const address = tryParseAddress(event?.requestContext?.http?.sourceIp ?? "");
    return {
      line: {
        ...(gateway === undefined ? {} : { gatewayRequestId: gateway }),
        ...(invocation === undefined ? {} : { invocation }),
        ...(trace !== undefined && TRACE.test(trace) ? { trace } : {}),
      },
      isAllowed:
        allowed === undefined || (address !== undefined && allowed.some((prefix) => containsAddress(prefix, address))),
    };
  };
}
