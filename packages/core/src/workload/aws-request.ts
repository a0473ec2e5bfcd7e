import { AWS_SERVER_ID_HEADER, type AwsRequest, awsRequest } from "@cadastre/contract/oauth";
import { SubjectRefusedError } from "./refusal.ts";

/** How old a signed request may be. AWS itself takes it for five to fifteen minutes. */
const MOST_AGE_SECONDS = 300;
const MOST_FUTURE_SECONDS = 60;

/** The regional endpoints of STS, and nothing else that AWS lets others name: a region has two dashes and ends with a number. */
const STS_HOST = /^sts(?:-fips)?\.(?<region>[a-z]{2}(?:-[a-z]+){1,3}-\d)\.amazonaws\.com(?:\.cn)?$/;
/** In the URL, or as SDKs send it in the body. */
const PARAMETERS = "Action=GetCallerIdentity&Version=2011-06-15";
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=\w{16,128}\/\d{8}\/(?<region>[a-z0-9-]{1,32})\/sts\/aws4_request, ?SignedHeaders=(?<headers>[a-z0-9;-]{1,512}), ?Signature=(?<signature>[0-9a-f]{64})$/;
const DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
const SIGNED: readonly string[] = ["host", "x-amz-date", AWS_SERVER_ID_HEADER];
/** All that such a request needs. Any other header could mean something to whoever reads it. */
const KNOWN: readonly string[] = [
  ...SIGNED,
  "authorization",
  "x-amz-security-token",
  "x-amz-content-sha256",
  "content-type",
];

/** A request that AWS is asked with, as it was signed. */
export interface SignedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signature: string;
  /** Epoch seconds until which it is taken here. */
  readonly expiresAt: number;
}

const refuse = (reason: string) => new SubjectRefusedError(reason);

function parse(text: string): AwsRequest {
  try {
    return awsRequest.parse(JSON.parse(text));
  } catch (cause) {
    throw new SubjectRefusedError("it is no signed request of AWS", { cause });
  }
}

function headersOf({ headers }: AwsRequest): Map<string, string> {
  const found = new Map<string, string>();
  for (const { key, value } of headers) {
    const name = key.toLowerCase();
    if (!KNOWN.includes(name)) throw refuse("it has a header that is not needed");
    if (found.has(name)) throw refuse("it has a header twice");
    if (!/^[\x20-\x7e]+$/.test(value)) throw refuse("it has a header that is no text");
    found.set(name, value);
  }
  return found;
}

const isAsking = (search: string, body: string): boolean =>
  (search === `?${PARAMETERS}` && body === "") || (search === "" && body === PARAMETERS);

/** The host and the region of a request that asks STS who somebody is, and nothing else. */
function placeOf(
  { url: text, body = "" }: AwsRequest,
  endpoint: string | undefined,
): { readonly host: string; readonly region?: string | undefined } {
  const url = URL.parse(text);
  const isPlain = url?.pathname === "/" && url.hash === "" && url.username === "" && url.password === "";
  if (!url || !isPlain || !isAsking(url.search, body)) throw refuse("it does not ask STS who somebody is");
  if (endpoint !== undefined) {
    if (url.origin !== new URL(endpoint).origin) throw refuse("it is not for the STS of the configuration");
    return { host: url.host };
  }
  const region = STS_HOST.exec(url.host)?.groups?.region;
  if (url.protocol !== "https:" || region === undefined) throw refuse("it is not for a regional endpoint of STS");
  return { host: url.host, region };
}

function timeOf(text: string | undefined): number {
  const [, year, month, day, hour, minute, second] = DATE.exec(text ?? "") ?? [];
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(time)) throw refuse("it does not say when it was signed");
  return time;
}

/**
 * Reads a signed request to GetCallerIdentity, as a workload sends it: for a regional endpoint of STS alone, signed for this server, a
 * moment ago. Whether the signature holds, only AWS can say. `endpoint` stands for STS where the configuration names one. Throws
 * SubjectRefusedError.
 */
export function readAwsRequest(
  text: string,
  {
    audience,
    now,
    endpoint,
  }: { readonly audience: string; readonly now: Date; readonly endpoint?: string | undefined },
): SignedRequest {
  const request = parse(text);
  const { host, region } = placeOf(request, endpoint);
  const headers = headersOf(request);
  const { groups } = AUTHORIZATION.exec(headers.get("authorization") ?? "") ?? {};
  if (!groups) throw refuse("it is not signed by Signature Version 4");
  const signed = (groups.headers ?? "").split(";");
  for (const name of SIGNED) if (!signed.includes(name)) throw refuse(`its signature does not cover ${name}`);
  if (headers.has("x-amz-security-token") && !signed.includes("x-amz-security-token"))
    throw refuse("its signature does not cover x-amz-security-token");
  if (signed.some((name) => !headers.has(name))) throw refuse("it lacks a header that is signed");
  if (headers.get(AWS_SERVER_ID_HEADER) !== audience) throw refuse("it was signed for another server");
  if (headers.get("host") !== host) throw refuse("it was signed for another host");
  if (region !== undefined && groups.region !== region) throw refuse("it was signed for another region");
  const age = (now.getTime() - timeOf(headers.get("x-amz-date"))) / 1000;
  if (age > MOST_AGE_SECONDS || age < -MOST_FUTURE_SECONDS) throw refuse("it was not signed a moment ago");
  return {
    url: request.url,
    headers: Object.fromEntries(headers),
    body: request.body ?? "",
    signature: groups.signature ?? "",
    expiresAt: Math.ceil(now.getTime() / 1000 - age) + MOST_AGE_SECONDS,
  };
}
