import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createGcpEstate } from "@cadastre/simulator/estate-gcp";
import { createFaults } from "@cadastre/simulator/faults";
import { startGcpSimulator } from "@cadastre/simulator/gcp/server";
import { JWT } from "google-auth-library";
import { expect, test, vi } from "vitest";
import { observed } from "./testing.ts";

test("on Cloud Run the credentials are those of the metadata server", async () => {
  const estate = createGcpEstate({ seed: "metadata", projects: 1, instances: 30 });
  const simulator = await startGcpSimulator({ estate, faults: createFaults(), now: () => new Date() });
  const { client_email, private_key, token_uri } = simulator.serviceAccountKey;
  const account = new JWT({
    email: client_email,
    key: private_key,
    scopes: ["https://www.googleapis.com/auth/compute"],
  });
  account.transporter.interceptors.request.add({
    resolved: async (request) => {
      request.url = new URL(token_uri);
      return request;
    },
  });
  const { access_token } = await account.authorize();
  const asked: string[] = [];
  const metadata = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    response.setHeader("Metadata-Flavor", "Google");
    if (path.includes("/token")) {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ access_token, expires_in: 3000, token_type: "Bearer" }));
    } else {
      response.end("ok");
    }
  });
  await new Promise<void>((resolve) => metadata.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("GCE_METADATA_HOST", `127.0.0.1:${(metadata.address() as AddressInfo).port}`);
  vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", "");
  vi.stubEnv("CLOUDSDK_CONFIG", "/nowhere");
  try {
    const project = estate.projects[0]?.projectId ?? "";
    const run = await observed(simulator, { list: [project] }, { auth: { default: true } });
    expect(run.scope(project, "us-central1", "instance")).toMatchObject({ status: "complete", errors: [] });
    expect(asked.some((path) => path.includes("/service-accounts/default/token"))).toBe(true);
  } finally {
    vi.unstubAllEnvs();
    metadata.close();
    metadata.closeAllConnections();
    await simulator.stop();
  }
});
