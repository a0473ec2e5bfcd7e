import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aTestRun } from "../testing-recorder.ts";
import { failProject } from "./project.ts";
import { GCP_KINDS, GCP_STEPS } from "./steps.ts";

test("a project of which nothing can be seen is failed in every kind that there is a step for", () => {
  const run = aTestRun();
  failProject(run.context, "a-project", { code: "invalid_credentials", message: "no" });
  expect([...run.scopes.values()].map(({ key, status }) => [key.region, key.kind, status])).toEqual(
    [...GCP_KINDS].map((kind) => ["global", kind, "failed"]),
  );
  expect(GCP_KINDS).toEqual(new Set(GCP_STEPS.map((step) => step.kind)));
});

test("where several steps see a kind, one alone has what is global", () => {
  for (const [kind, steps] of Map.groupBy(GCP_STEPS, (step) => step.kind)) {
    expect([kind, steps.filter((step) => !step.globalElsewhere).length]).toEqual([kind, 1]);
  }
});

test("the steps need the permissions that are documented, those to find projects beside them, and no others", () => {
  const role = readFileSync(new URL("../../../docs/permissions/gcp-reader.yaml", import.meta.url), "utf8");
  const allowed = [...role.matchAll(/^ {2}- (\S+)$/gm)].map(([, permission = ""]) => permission);
  const others = ["compute.projects.get", "resourcemanager.folders.list", "resourcemanager.projects.list"];
  expect(allowed.sort()).toEqual([...GCP_STEPS.map((step) => step.operation), ...others].sort());
});
