import { describe, expect, it } from "vitest";
import { ConfigError, readLocalConfig } from "./config.ts";

const AWS = { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE" };

describe("the local configuration", () => {
  it("of an empty environment looks at simulated clouds on the usual port", () => {
    expect(readLocalConfig({})).toMatchObject({
      port: 8787,
      simulation: { accounts: 3, instances: 25 },
      aws: undefined,
      gcp: undefined,
    });
    expect(readLocalConfig({ PORT: "", CADASTRE_DATA: "" }).port).toBe(8787);
  });

  it("with credentials looks at the real clouds, and at all that are configured", () => {
    const config = readLocalConfig({
      ...AWS,
      CADASTRE_AWS_REGIONS: "us-east-1, eu-west-1",
      CADASTRE_GCP_PROJECTS: "p-1",
      GOOGLE_APPLICATION_CREDENTIALS: "/key.json",
      CADASTRE_ENDPOINTS: "example.com:443",
    });
    expect(config).toMatchObject({
      simulation: undefined,
      aws: { regions: ["us-east-1", "eu-west-1"] },
      gcp: { list: ["p-1"] },
      endpoints: ["example.com:443"],
    });
  });

  it("can be told to simulate although credentials lie about", () => {
    expect(readLocalConfig({ ...AWS, CADASTRE_SIMULATE: "yes" })).toMatchObject({
      simulation: { accounts: 3 },
      aws: undefined,
    });
  });

  it("takes no notice of what is not ours, and of what the command reads", () => {
    const environment = { CADASTRE_API: "http://127.0.0.1:1", CADASTRE_PROFILE: "x", PORTS: "1" };
    expect(readLocalConfig(environment)).toEqual(readLocalConfig({}));
  });

  it.each([
    [{ PORT: "http" }, "PORT: a whole number from 0 to 65535"],
    [{ PORT: "70000" }, "PORT: at most 65535"],
    [{ CADASTRE_SIMULATE: "maybe" }, "CADASTRE_SIMULATE: yes or no"],
    [{ CADASTRE_SIMULATE: "no" }, "CADASTRE_SIMULATE=no: no cloud is configured"],
    [{ CADASTRE_AWS_ROLES: "arn:aws:iam::1:role/r" }, "CADASTRE_AWS_ROLES: no AWS credentials are configured"],
    [{ ...AWS, CADASTRE_AWS_ROLES: "a", CADASTRE_AWS_ORGANIZATION_ROLE: "b" }, "give one of them"],
    [
      { CADASTRE_GCP_PROJECTS: "p", CADASTRE_GCP_FOLDER: "1" },
      "CADASTRE_GCP_PROJECTS, CADASTRE_GCP_FOLDER: give one of them",
    ],
    [{ GOOGLE_APPLICATION_CREDENTIALS: "/k", CADASTRE_SIMULATE: "no" }, "say what to look at by CADASTRE_GCP_PROJECTS"],
    [{ CADASTRE_SIMULATE: "yes", CADASTRE_GCP_PROJECTS: "p" }, "looks at simulated clouds alone"],
    [{ CADASTRE_HOLD_SHARE: "30%" }, "CADASTRE_HOLD_SHARE: a share from 0 to 1"],
    [{ CADASTRE_ENDPOINTS: " , " }, "CADASTRE_ENDPOINTS: names nothing"],
    [{ CADASTRE_ENDPOINTS: "example.com:0" }, "example.com:0"],
    [{ CADASTRE_GCP_PROJECTS: "A B" }, "CADASTRE_GCP_PROJECTS.0: account"],
    [{ CADASTRE_SIMULATON: "yes" }, "CADASTRE_SIMULATON: there is no such variable; did you mean CADASTRE_SIMULATE?"],
    [{ CADASTRE_AWS_REGION: "eu-west-1" }, "did you mean CADASTRE_AWS_REGIONS?"],
    [{ CADASTRE_WEATHER: "fine" }, "CADASTRE_WEATHER: there is no such variable; README.md lists all of them"],
    [{ CADASTRE_TOKEN: "short" }, "CADASTRE_TOKEN: 16 to 512 visible"],
  ])("refuses %j and names the variable", (environment, message) => {
    expect(() => readLocalConfig(environment)).toThrow(ConfigError);
    expect(() => readLocalConfig(environment)).toThrow(message);
  });
});
