import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { GcpEstate } from "../estate-gcp.ts";
import { BLOCKED_PAGE, type Fault, type Faults } from "../faults.ts";
import { type ApiRoute, isProblem } from "./api.ts";
import { createGcpAuth, type ServiceAccountKey } from "./auth.ts";
import { computeRoutes } from "./compute-api.ts";
import { faultAnswer, scopeFaultOf } from "./fault-answers.ts";
import { type GcpProblem, problems } from "./problems.ts";
import { resourceManagerRoutes } from "./resource-manager-api.ts";

export interface GcpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** For example instances.aggregatedList; undefined for a path that is not served. */
  readonly operation?: string;
  readonly project?: string;
  readonly userAgent?: string;
}

export interface GcpSimulator {
  /** http://127.0.0.1:PORT */
  readonly url: string;
  /** The newest requests, oldest first; at most 10,000. */
  readonly requests: readonly GcpRequest[];
  readonly serviceAccountKey: ServiceAccountKey;
  /** Closes the server and every connection, also those that a fault keeps waiting. */
  stop(): Promise<void>;
}

const routes: readonly ApiRoute[] = [...computeRoutes, ...resourceManagerRoutes];
const maxRequests = 10_000;
const maxBodyBytes = 65_536;

/**
 * Compute Engine (v1 and beta), Cloud Resource Manager v3 and Google's token endpoint over plain HTTP on loopback.
 *
 * A fault is looked up once per request by the fields service (compute, cloudresourcemanager, oauth2), operation
 * (instances.aggregatedList, …) and project, and once per scope that a page of an aggregated list reaches by scopeOperation,
 * scopeProject and scope (zones/Z, regions/R, global). A scope takes `warning` (its code defaults to UNREACHABLE, which also hides
 * the scope's resources; any other code leaves them) and `empty`. The code "429" makes `throttle` a 429 instead of Google's usual 403.
 */
export async function startGcpSimulator(options: {
  readonly estate: GcpEstate;
  readonly faults: Faults;
  readonly now: () => Date;
  /** Default 0: any free port. */
  readonly port?: number;
}): Promise<GcpSimulator> {
  const { estate, faults } = options;
  const requests: GcpRequest[] = [];
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      send(response, { status: 500, body: { error: { code: 500, message: String(error), status: "INTERNAL" } } });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const auth = await createGcpAuth({ url, now: options.now, projectId: estate.projects[0]?.projectId ?? "" });

  function record(request: IncomingMessage, at: URL, route: ApiRoute | undefined, project: string | undefined): void {
    if (requests.length === maxRequests) requests.shift();
    requests.push({
      method: request.method ?? "",
      path: at.pathname,
      query: Object.fromEntries(at.searchParams),
      ...(route ? { operation: route.operation } : {}),
      ...(project ? { project } : {}),
      ...(request.headers["user-agent"] ? { userAgent: request.headers["user-agent"] } : {}),
    });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = new URL(request.url ?? "/", url);
    const body = await readBody(request);
    if (at.pathname === "/token" && request.method === "POST") {
      record(request, at, undefined, undefined);
      const fault = faults.take({ service: "oauth2", operation: "token" });
      if (fault) return fail(response, fault, { service: "oauth2", permission: "", project: "", number: "" });
      return send(response, await auth.token(new URLSearchParams(body)));
    }
    const found = match(request.method ?? "", at.pathname);
    const id = found?.params.project;
    const project = id === undefined ? undefined : estate.project(id);
    const projectId = project?.projectId ?? id;
    record(request, at, found?.route, projectId);
    if (!found) return send(response, problems.notFound(`${request.method} ${at.pathname}`));
    const { route, params } = found;
    const refusal = await auth.refusal(request.headers.authorization);
    if (refusal) return send(response, problems.unauthenticated(refusal));
    const { service, operation } = route;
    const fault = faults.take({ service, operation, project: projectId });
    const answersFault = fault && !["warning", "empty", "malformed", "repeat-token"].includes(fault.kind);
    if (answersFault)
      return fail(response, fault, {
        service,
        permission: route.permission,
        project: projectId ?? "",
        number: project?.number ?? "",
      });
    const answer = route.answer({
      estate,
      query: at.searchParams,
      params,
      version: params.version === "beta" ? "beta" : "v1",
      fault,
      scopeFault: (scope) =>
        scopeFaultOf(scope, faults.take({ scopeOperation: operation, scopeProject: projectId, scope })),
    });
    if (isProblem(answer)) return send(response, answer);
    send(response, { status: 200, body: answer }, { cutOff: fault?.kind === "malformed" });
  }

  return {
    url,
    requests,
    serviceAccountKey: auth.serviceAccountKey,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function match(method: string, path: string) {
  for (const route of routes) {
    const groups = route.method === method ? route.path.exec(path)?.groups : undefined;
    const matches = groups ?? (route.method === method && route.path.test(path) ? {} : undefined);
    if (matches)
      return {
        route,
        params: Object.fromEntries(Object.entries(matches).map(([name, text]) => [name, decodeURIComponent(text)])),
      };
  }
  return undefined;
}

function fail(
  response: ServerResponse,
  fault: Fault,
  about: { readonly service: string; readonly permission: string; readonly project: string; readonly number: string },
): void {
  if (fault.kind === "hang") return;
  if (fault.kind === "reset") {
    response.destroy();
    return;
  }
  if (fault.kind === "page") {
    response.writeHead(fault.status ?? 403, { "content-type": "text/html" }).end(fault.message ?? BLOCKED_PAGE);
    return;
  }
  send(response, faultAnswer(fault, about));
}

function send(response: ServerResponse, answer: GcpProblem, options: { readonly cutOff?: boolean } = {}): void {
  const text = JSON.stringify(answer.body);
  response.writeHead(answer.status, { ...answer.headers, "content-type": "application/json; charset=UTF-8" });
  response.end(options.cutOff ? text.slice(0, text.length / 2) : text);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new RangeError(`a request body may have at most ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
