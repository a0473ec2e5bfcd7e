import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readCollectGcpConfig } from "@cadastre/functions/env/collect-gcp";
import { Copy, DockerfileParser } from "dockerfile-ast";
import { beforeAll, describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";

const require = createRequire(import.meta.url);
/** Loaded without its types, which bring the browser's types into all of the code. */
const { parse: parseHcl } = require("@cdktf/hcl2json") as {
  parse: (name: string, text: string) => Promise<Record<string, unknown>>;
};

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const GCP = join(ROOT, "infra/gcp");

describe("Terraform", () => {
  // biome-ignore lint/suspicious/noExplicitAny: parsed HCL, as deep as it is.
  type Block = any;
  const files: Record<string, Block> = {};
  beforeAll(async () => {
    for (const file of readdirSync(GCP).filter((name) => name.endsWith(".tf"))) {
      files[file] = await parseHcl(file, readFileSync(join(GCP, file), "utf8"));
    }
  });

  const resources = () =>
    Object.values(files).flatMap(({ resource = {} }) =>
      Object.entries(resource as Block).flatMap(([type, named]) =>
        Object.entries(named as Block).map(([name, [body]]: [string, Block]) => ({ type, name, body })),
      ),
    );
  const one = (type: string, name: string): Block =>
    resources().find((resource) => resource.type === type && resource.name === name)?.body;
  const reference = (name: string) => `\${${name}}`;
  const locals = (): Block => files["main.tf"].locals[0];
  const documented = () => {
    const role = parseYaml(readFileSync(join(ROOT, "docs/permissions/gcp-reader.yaml"), "utf8"));
    return role.includedPermissions as string[];
  };

  test("runs the job once at a time, retries it a bounded number of times, and ends it", () => {
    const [{ template, task_count, parallelism }] = one("google_cloud_run_v2_job", "collector").template;
    expect({ task_count, parallelism }).toEqual({ task_count: 1, parallelism: 1 });
    expect(template[0].max_retries).toBe(1);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own.
    expect(template[0].timeout).toBe("${local.timeout_seconds}s");
    expect(one("google_cloud_scheduler_job", "collector").retry_config[0].retry_count).toBeLessThanOrEqual(5);
  });

  test("gives the collector the permissions of docs/permissions and no others", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own.
    expect(locals().permissions).toContain('file("${path.module}/../../docs/permissions/gcp-reader.yaml")');
    const includedPermissions = documented();
    expect(includedPermissions).toEqual([...new Set(includedPermissions)].sort());
    for (const permission of includedPermissions) expect(permission).toMatch(/^[a-z]+\.\w+\.(get|list)$/);
    const roles = resources().filter(({ type }) => type.endsWith("_iam_custom_role"));
    expect(roles.map(({ body }) => String(body.permissions)).sort()).toEqual([
      // biome-ignore-start lint/suspicious/noTemplateCurlyInString: Terraform's own.
      "${local.permissions}",
      "${local.project_permissions}",
      // biome-ignore-end lint/suspicious/noTemplateCurlyInString: Terraform's own.
    ]);
    const members = resources().filter(({ type }) => type.endsWith("_iam_member"));
    const predefined = members.map(({ body }) => String(body.role)).filter((role) => role.startsWith("roles/"));
    expect(predefined.sort()).toEqual(["roles/run.invoker", "roles/secretmanager.secretAccessor"]);
  });

  test("has no keys of service accounts, no values of secrets, and no members beside its own accounts", () => {
    const types = resources().map(({ type }) => type);
    expect(types).not.toContain("google_service_account_key");
    expect(types).not.toContain("google_secret_manager_secret_version");
    for (const { type, body } of resources()) {
      if (!type.endsWith("_iam_member")) continue;
      expect(body.member).toMatch(/^\$\{google_service_account\.(collector|scheduler)\.member\}$/);
    }
  });

  test("gives the job an environment that it accepts, for an organization, a folder or projects", () => {
    const text = `${locals().where}${locals().environment}`;
    const names = [...text.matchAll(/\b([A-Z][A-Z_]+) +=/g)].map(([, name]) => name as string);
    const common = names.filter((name) => !name.startsWith("COLLECT_GCP_"));
    expect(common.sort()).toEqual([
      "CADASTRE_API",
      "COLLECTOR_NAME",
      "COLLECT_SCHEDULE",
      "COLLECT_TIMEOUT_SECONDS",
      "DEPLOYMENT_NAME",
      "SIGNING_KEY_FILE",
    ]);
    const settings = [...String(locals().settings).matchAll(/\b([A-Z][A-Z_]+) += var\.(\w+)/g)];
    const bounds = settings.flatMap(([, name, variable]) => {
      const { condition } = files["variables.tf"].variable[variable as string][0].validation[0];
      const [, least, most] = / >= (\d+) && .* <= (\d+) /.exec(condition) ?? [];
      return [least, most].map((value) => [name as string, value as string] as const);
    });
    expect(bounds).toHaveLength(6);
    const values: Record<string, string> = {
      DEPLOYMENT_NAME: "cadastre",
      CADASTRE_API: "https://cadastre.example.org",
      COLLECTOR_NAME: "gcp",
      COLLECT_SCHEDULE: files["variables.tf"].variable.schedule[0].default as string,
      COLLECT_TIMEOUT_SECONDS: String(locals().timeout_seconds),
      SIGNING_KEY_FILE: `${locals().signing_key_folder}/${locals().signing_key_file}`,
    };
    const where = names.filter((name) => name.startsWith("COLLECT_GCP_"));
    expect(where).toHaveLength(3);
    const configs = where.map((name) => readCollectGcpConfig({ ...values, [name]: "123456" }));
    expect(configs.map(({ projects }) => projects)).toEqual([
      { organization: "123456" },
      { folder: "123456" },
      { list: ["123456"] },
    ]);
    expect(configs[0]).toMatchObject({ timeoutMilliseconds: 1_800_000, schedule: "*/15 * * * *" });
    // What Terraform lets through the collector takes, too.
    for (const [name, value] of bounds) {
      expect(() => readCollectGcpConfig({ ...values, COLLECT_GCP_FOLDER: "1", [name]: value })).not.toThrow();
    }
  });

  test("makes what the first build needs: the repository, and every API that its resources are of", () => {
    expect(one("google_artifact_registry_repository", "images")).toMatchObject({ format: "DOCKER" });
    const apis: Readonly<Record<string, string>> = {
      google_artifact_registry_repository: "artifactregistry",
      google_cloud_run_v2_job: "run",
      google_cloud_scheduler_job: "cloudscheduler",
      google_monitoring_alert_policy: "monitoring",
      google_monitoring_notification_channel: "monitoring",
      google_secret_manager_secret: "secretmanager",
      google_service_account: "iam",
    };
    const enabled = String(one("google_project_service", "needed").for_each);
    for (const { type } of resources()) {
      if (/_iam_|google_project_service/.test(type)) continue;
      expect(apis, type).toHaveProperty(type);
      expect(enabled).toContain(`"${apis[type]}.googleapis.com"`);
    }
    // What the collector itself calls.
    for (const api of ["compute", "cloudresourcemanager"]) expect(enabled).toContain(`"${api}.googleapis.com"`);
    for (const name of ["images", "signing_key"]) {
      const [made] = resources().filter((resource) => resource.name === name && !resource.type.includes("_iam_"));
      expect(String(made?.body.depends_on)).toContain("google_project_service.needed");
    }
  });

  test("alarms when an execution fails, and when none succeeds for hours", () => {
    const policies = resources().filter(({ type }) => type === "google_monitoring_alert_policy");
    expect(policies.map(({ name }) => name).sort()).toEqual(["failed", "silent"]);
    for (const { body } of policies) {
      expect(body.notification_channels).toBe(reference("local.channels"));
      expect(body.documentation[0].content).toMatch(/^It looks at the GCP projects: while it /);
    }
    const executions = files["watching.tf"].locals[0].executions as string;
    expect(executions).toContain("run.googleapis.com/job/completed_execution_count");
    expect(executions).toContain(reference("google_cloud_run_v2_job.collector.name"));
    const [failed] = one("google_monitoring_alert_policy", "failed").conditions[0].condition_threshold;
    expect(failed).toMatchObject({ comparison: "COMPARISON_GT", threshold_value: 0 });
    expect(failed.filter).toContain('metric.labels.result = "failed"');
    const [silent] = one("google_monitoring_alert_policy", "silent").conditions[0].condition_absent;
    expect(silent.filter).toContain('metric.labels.result = "succeeded"');
    // Cloud Monitoring looks back 23.5 hours at the most.
    const { condition } = files["variables.tf"].variable.silence_hours[0].validation[0];
    expect(condition).toContain("var.silence_hours <= 23");
  });

  test("has the labels of the deployment on everything", () => {
    expect(files["main.tf"].provider.google[0].default_labels).toBe(reference("local.labels"));
    expect(locals().labels).toMatch(/merge\(var\.labels, \{ application = "cadastre", deployment = var\.name \}\)/);
  });

  test("is locked to one release of the provider, within what it asks for, by checksums", async () => {
    const lock = await parseHcl("lock.hcl", readFileSync(join(GCP, ".terraform.lock.hcl"), "utf8"));
    const wanted = files["versions.tf"].terraform[0].required_providers[0].google;
    const [google, ...more] = Object.entries(lock.provider as Block);
    expect(more).toEqual([]);
    const [name, [locked]] = google as [string, [Block]];
    expect(name).toBe(`registry.terraform.io/${wanted.source}`);
    expect(locked.constraints).toBe(wanted.version);
    const [, least, most] = /^>= (\d+)\.0\.0, < (\d+)\.0\.0$/.exec(wanted.version) ?? [];
    const major = Number(locked.version.split(".")[0]);
    expect(major >= Number(least) && major < Number(most)).toBe(true);
    expect(locked.hashes.length).toBeGreaterThan(10);
    for (const hash of locked.hashes) expect(hash).toMatch(/^zh:[0-9a-f]{64}$/);
  });

  test("shows how its state is kept for all who deploy, in a file that is a backend's", async () => {
    const example = await parseHcl("backend.tf", readFileSync(join(GCP, "backend.tf.example"), "utf8"));
    expect(example).toMatchObject({ terraform: [{ backend: { gcs: [{ bucket: expect.any(String) }] } }] });
    expect(
      Object.values(files).flatMap((file) => file.terraform?.flatMap((one: Block) => one.backend ?? []) ?? []),
    ).toEqual([]);
  });

  test("starts only an image that is named by its digest, against an API over https", () => {
    const variables = files["variables.tf"].variable;
    expect(variables.image[0].validation[0].condition).toContain("@sha256:");
    expect(variables.api[0].validation[0].condition).toContain("https://");
  });

  test("refers to nothing that is not declared", () => {
    const text = readdirSync(GCP)
      .filter((name) => name.endsWith(".tf"))
      .map((name) => readFileSync(join(GCP, name), "utf8"))
      .join("\n");
    const declared = Object.values(files).flatMap((file) => (file.locals ?? []).flatMap(Object.keys));
    for (const [, name] of text.matchAll(/\bvar\.(\w+)/g))
      expect(files["variables.tf"].variable).toHaveProperty(name as string);
    for (const [, name] of text.matchAll(/\blocal\.(\w+)/g)) expect(declared).toContain(name);
    for (const [, type, name] of text.matchAll(/\b(google_\w+)\.(\w+)/g)) {
      expect(one(type as string, name as string), `${type}.${name}`).toBeDefined();
    }
  });
});

describe("the image", () => {
  const dockerfile = DockerfileParser.parse(readFileSync(join(GCP, "Dockerfile"), "utf8"));
  const instructions = dockerfile.getInstructions();
  const froms = dockerfile.getFROMs();
  const final = instructions.slice(instructions.lastIndexOf(froms.at(-1) as (typeof instructions)[number]));
  const textOf = (keyword: string, from = final) =>
    from.filter((one) => one.getKeyword() === keyword).map((one) => one.getArgumentsContent() ?? "");

  test("is built in two stages and ends in a distroless one, without a shell, as no root", () => {
    expect(froms).toHaveLength(2);
    expect(froms.at(-1)?.getImage()).toMatch(/^gcr\.io\/distroless\/nodejs24-debian1[23]:nonroot$/);
    expect(textOf("USER")).toEqual(["nonroot"]);
    expect(textOf("RUN")).toEqual([]);
    expect(textOf("CMD")).toEqual(['["index.mjs"]']);
  });

  test("has nothing in it but the packed collector", () => {
    const copies = final.filter((one): one is Copy => one instanceof Copy);
    expect(copies.map((copy) => `${copy.getFromFlag()?.getValue()} ${copy.getArgumentsContent()}`)).toEqual([
      "build /out/collect-gcp/ ./",
    ]);
    const build = textOf("RUN", instructions).at(-1);
    expect(build).toBe("node functions/src/build.ts /out collect-gcp");
    expect(existsSync(join(ROOT, "functions/src/collect-gcp.ts"))).toBe(true);
  });

  test("is built of files that exist, among them the manifest of every workspace", () => {
    const copies = instructions.filter((one): one is Copy => one instanceof Copy && one.getFromFlag() === null);
    const sources = copies.flatMap((copy) =>
      copy
        .getArguments()
        .slice(0, -1)
        .map((argument) => argument.getValue()),
    );
    for (const source of sources) expect(existsSync(join(ROOT, source)), source).toBe(true);
    const { workspaces } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { workspaces: string[] };
    const folders = workspaces.flatMap((pattern) =>
      pattern.endsWith("/*")
        ? readdirSync(join(ROOT, pattern.slice(0, -2))).map((name) => `${pattern.slice(0, -1)}${name}`)
        : [pattern],
    );
    for (const folder of folders) expect(sources).toContain(`${folder}/package.json`);
  });

  test("is built without packages, data and keys that lie about", () => {
    const ignored = readFileSync(join(GCP, "Dockerfile.dockerignore"), "utf8").split("\n");
    for (const pattern of ["**/node_modules", "**/.cadastre", "**/*.pem", "**/.git"])
      expect(ignored).toContain(pattern);
  });
});
