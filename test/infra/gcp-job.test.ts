import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createKeyFile } from "@cadastre/collectors/keys";
import { parsePublicKey } from "@cadastre/contract/keys";
import { createGcpEstate } from "@cadastre/simulator/estate-gcp";
import { createFaults } from "@cadastre/simulator/faults";
import { type GcpSimulator, startGcpSimulator } from "@cadastre/simulator/gcp/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ApiProcess, startApiProcess } from "../support/api-process.ts";
import { metricsOf } from "./world.ts";

const run = promisify(execFile);

describe("the GCP collector's job", () => {
  let folder = "";
  let simulator: GcpSimulator;
  let organization = "";
  let api: ApiProcess;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "cadastre-gcp-"));
    const { pem } = createKeyFile(join(folder, "key.pem"), "ecdsa-p256-sha256");
    const { fingerprint } = parsePublicKey(pem);
    api = await startApiProcess({ collectors: [{ name: "gcp", providers: ["gcp"], publicKey: pem, fingerprint }] });
    const build = fileURLToPath(new URL("../../functions/src/build.ts", import.meta.url));
    await run(process.execPath, [build, folder, "collect-gcp"]);
    const estate = createGcpEstate({ seed: "deployed", projects: 2, instances: 20 });
    simulator = await startGcpSimulator({ estate, faults: createFaults(), now: () => new Date() });
    organization = estate.organization.replace("organizations/", "");
    writeFileSync(join(folder, "account.json"), JSON.stringify(simulator.serviceAccountKey));
  });
  afterAll(async () => {
    await simulator?.stop();
    await api?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** As the image runs it: the bundle alone, in an empty folder, with the environment that Terraform gives. */
  function runJob(environment: Readonly<Record<string, string>> = {}) {
    const job = run(process.execPath, ["index.mjs"], {
      cwd: join(folder, "collect-gcp"),
      env: {
        TMPDIR: folder,
        CADASTRE_API: api.url,
        COLLECTOR_NAME: "gcp",
        SIGNING_KEY_FILE: join(folder, "key.pem"),
        COLLECT_GCP_ORGANIZATION: organization,
        COLLECT_TIMEOUT_SECONDS: "60",
        GOOGLE_APPLICATION_CREDENTIALS: join(folder, "account.json"),
        CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: simulator.url,
        CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER: simulator.url,
        ...environment,
      },
    });
    return job.catch((error: Error & { stdout: string }) => {
      error.message += error.stdout;
      throw error;
    });
  }

  test("delivers a whole run, and a retry changes nothing", async () => {
    const [first] = metricsOf((await runJob()).stdout);
    expect(first).toMatchObject({ Collector: "gcp", CompleteRuns: 1, ScopesNotComplete: 0 });
    expect(first.Resources).toBeGreaterThan(20);
    const { stdout } = await runJob();
    const ended = stdout.split("\n").find((line) => line.includes("the run ended")) ?? "{}";
    expect(JSON.parse(ended)).toMatchObject({ state: "unchanged", totals: { created: 0, updated: 0, retired: 0 } });
  });

  test("ends with code 1 and says which variables are wrong, in one line of JSON", async () => {
    const failed = await runJob({ COLLECT_GCP_FOLDER: "1", COLLECT_GCP_PROJECT: "typo" }).catch(
      (error: unknown) => error,
    );
    expect(failed).toMatchObject({ code: 1 });
    const line = JSON.parse((failed as { stdout: string }).stdout);
    expect(line).toMatchObject({
      level: "error",
      error: { message: expect.stringContaining("COLLECT_GCP_PROJECT is not") },
    });
  });
});
