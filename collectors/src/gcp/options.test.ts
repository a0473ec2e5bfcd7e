import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { checkOptions, type GcpAuth, type GcpOptions } from "./options.ts";
import { observeGcp } from "./testing.ts";

const auth: GcpAuth = { default: true };
const projects = { list: ["acme-prod-1"] };
const key = (over: object) => ({ client_email: "a@b.example", private_key: "-----BEGIN PRIVATE KEY-----", ...over });

test.each<[string, GcpOptions, RegExp]>([
  ["no project", { auth, projects: { list: [] } }, /projects: at least one/],
  ["a project's number", { auth, projects: { list: ["123456789012"] } }, /"123456789012" is not a project's id/],
  ["a project's name", { auth, projects: { list: ["Acme Production"] } }, /"Acme Production" is not a project's id/],
  ["a path", { auth, projects: { list: ["projects/acme-prod-1"] } }, /is not a project's id/],
  ["a folder that is none", { auth, projects: { folder: "organizations/1" } }, /not of the form folders\//],
  ["an organisation by name", { auth, projects: { organization: "acme.example" } }, /not of the form organizations\//],
  ["no URL", { auth, projects, endpoints: { compute: "127.0.0.1:80" } }, /endpoints\.compute "127.0.0.1:80" must be/],
  [
    "a path of its own",
    { auth, projects, endpoints: { compute: "http://a/b/" } },
    /no other path than \/compute\/v1\//,
  ],
  ["another scheme", { auth, projects, endpoints: { resourceManager: "ftp://a/" } }, /endpoints\.resourceManager/],
  ["too large pages", { auth, projects, pageSize: 501 }, /pageSize must be a whole number from 1 to 500, not 501/],
  ["no concurrency", { auth, projects, concurrency: 0 }, /concurrency must be/],
  ["no attempt", { auth, projects, maxAttempts: 0 }, /maxAttempts must be/],
  ["no time", { auth, projects, requestTimeoutMilliseconds: 0 }, /requestTimeoutMilliseconds must be/],
  ["a key without account", { auth: { serviceAccountKey: key({ client_email: "" }) }, projects }, /client_email/],
  ["a key without key", { auth: { serviceAccountKey: key({ private_key: "x" }) }, projects }, /private_key must be/],
])("configuration that cannot work is refused before anything is asked: %s", (_what, options, message) => {
  expect(() => observeGcp(options)).toThrow(RangeError);
  expect(() => observeGcp(options)).toThrow(message);
});

test.each([
  ["http://127.0.0.1:8080", { apiEndpoint: "127.0.0.1", port: 8080, protocol: "http" }],
  ["http://simulator/compute/v1/", { apiEndpoint: "simulator", port: 80, protocol: "http" }],
  ["https://compute.googleapis.com/", { apiEndpoint: "compute.googleapis.com", port: 443, protocol: "https" }],
])("gcloud's form of an endpoint is the client's: %s", (compute, expected) => {
  expect(checkOptions({ auth, projects, endpoints: { compute } }).settings.endpoints.compute).toEqual(expected);
});

test.each(["https://crm.example/api", "https://crm.example/api/", "https://crm.example/api/v3/"])(
  "Resource Manager's endpoint may have a path, and a version that is not said twice: %s",
  (resourceManager) => {
    const { settings } = checkOptions({ auth, projects, endpoints: { resourceManager } });
    expect(settings.endpoints.resourceManager).toBe("https://crm.example/api");
  },
);

test("ids of old projects with a domain are ids", () => {
  expect(checkOptions({ auth, projects: { list: ["example.com:acme-prod"] } }).projects).toEqual([
    "example.com:acme-prod",
  ]);
});

test("Google's client is loaded when a run begins, not with the module", async () => {
  const loaded = () =>
    Object.keys(createRequire(import.meta.url).cache).filter((path) =>
      /@google-cloud|google-auth|google-gax/.test(path),
    );
  observeGcp({ auth, projects });
  expect(loaded()).toEqual([]);
  await import("./client.ts");
  expect(loaded().length).toBeGreaterThan(0);
});
